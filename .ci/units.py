"""Refuses bare integers that are instants or spans of time by their name: `now: u64`, `wait: Option<u64>`.

    python3 .ci/units.py              checks the checkout
    python3 .ci/units.py --self-test  proves on planted lines that the check can fail

The runtime has types for both, `time::Instant` and `time::Span`.
"""

import pathlib
import re
import sys
import tempfile

import layers
import shrinking

FOLDER = "runtime/src"
# The types themselves, the words of the fast path, and the grammar that the macro crate has as well.
ALLOWED = ("time.rs", "store/ticks.rs", "limiter/fast_path.rs", "grammar.rs")
# The numbers that expansions of the macro pass: the period of a rate, and a duration.
PASSED = {"private/settings.rs": 2}

INSTANTS = "now at until since sent received answered latest soonest earliest due end ends begun began from to tat start resumes"
SPANS = (
    "nanos wait delay interval capacity patience timeout deadline reset cooldown closed credit hold later asked longest slow "
    "pause paused period round_trip slowest fastest length lasts elapsed horizon"
)
NAME = rf"(?:\w+_(?:at|until|nanos)|{'|'.join((INSTANTS + ' ' + SPANS).split())})"
BARE = r"(?:Option<|Cell<)?u64\b"
FIELD = re.compile(rf"\b{NAME}: (?:&(?:mut )?)?{BARE}")
# Numbers in a pair have no names that could tell their unit.
PAIR = re.compile(r"\(u64, u64\)")
RETURNED = re.compile(rf"\bfn {NAME}(?:<[^>]*>)?\([^)]*\) -> {BARE}")
COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)


def main():
    match sys.argv[1:]:
        case ["--self-test"]:
            self_test()
        case []:
            found = count(shrinking.ROOT)
            for file, bare in sorted(found.items()):
                print(f"{file}: {bare} instants or spans are bare integers")
            if found:
                sys.exit(f"units: {sum(found.values())} problems")
        case other:
            sys.exit(f"unknown arguments: {other}")


def count(root):
    """file -> the number of bare instants and spans, where there are others than those above."""
    found = {}
    for file in layers.sources(root / FOLDER):
        name = file.relative_to(root / FOLDER).as_posix()
        if name in ALLOWED:
            continue
        code = COMMENT.sub("", file.read_text())
        bare = sum(len(pattern.findall(code)) for pattern in (FIELD, PAIR, RETURNED))
        if bare > PASSED.get(name, 0):
            found[file.relative_to(root).as_posix()] = bare
    return found


CLEAN = {
    "runtime/src/lib.rs": "// now: u64\nfn f(now: Instant, wait: Span, count: u64, id: u64, known: u64) -> u64 {}\n",
    "runtime/src/time.rs": "fn from_nanos(nanos: u64) -> Instant {}\n",
    "runtime/src/limiter/fast_path.rs": "fn open(tat: u64) {}\n",
    "runtime/src/private/settings.rs": "fn rate(count: f64, nanos: u64) {}\nfn duration(nanos: u64) {}\n",
    "tests/a.rs": "fn f(now: u64) {}\n",
}
PLANTED = [
    ("runtime/src/a.rs", "fn a(now: u64) {}\n", 1),
    ("runtime/src/a.rs", "struct A {\n    closed_until: Option<u64>,\n    wait: u64,\n    round_trip: u64,\n}\n", 3),
    ("runtime/src/limiter/a.rs", "fn a(at: &mut u64, (sent, now): (u64, u64)) {}\n", 2),
    ("runtime/src/private/settings.rs", "fn a(nanos: u64, wait: u64, until: u64) {}\n", 3),
    ("runtime/src/limiter/a.rs", "fn held_until(&self) -> u64 {}\nfn nanos(d: Duration) -> u64 {}\n", 2),
]


def self_test():
    for file, text, bare in [("runtime/src/a.rs", "", 0), *PLANTED]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            shrinking.plant(root, {**CLEAN, file: text})
            found = count(root)
        if found != ({file: bare} if bare else {}):
            sys.exit(f"self-test: planted {bare} bare integers in {file}, found {found}")
    print(f"units: {len(PLANTED)} planted files found, none in the clean tree")


if __name__ == "__main__":
    main()
