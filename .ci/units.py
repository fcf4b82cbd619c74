"""Counts the bare integers that are instants or spans of time by their name: `now: u64`, `wait: Option<u64>`.

    python3 .ci/units.py              checks the checkout
    python3 .ci/units.py --shrink     lowers the counts in .ci/units.txt to those of the checkout
    python3 .ci/units.py --self-test  proves on planted lines that the check can fail

The runtime has types for both, `time::Instant` and `time::Span`. The files that still have bare ones are listed in
.ci/units.txt with their counts; the list may only get shorter.
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
LIST = ".ci/units.txt"

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
    shrinking.main(sys.argv[1:], LIST, count, self_test, "bare integers")


def count(root):
    """file -> the number of bare instants and spans, where there are some."""
    found = {}
    for file in layers.sources(root / FOLDER):
        if file.relative_to(root / FOLDER).as_posix() in ALLOWED:
            continue
        code = COMMENT.sub("", file.read_text())
        if bare := sum(len(pattern.findall(code)) for pattern in (FIELD, PAIR, RETURNED)):
            found[file.relative_to(root).as_posix()] = bare
    return found


CLEAN = {
    "runtime/src/lib.rs": "// now: u64\nfn f(now: Instant, wait: Span, count: u64, id: u64, known: u64) -> u64 {}\n",
    "runtime/src/time.rs": "fn from_nanos(nanos: u64) -> Instant {}\n",
    "runtime/src/limiter/fast_path.rs": "fn open(tat: u64) {}\n",
    "tests/a.rs": "fn f(now: u64) {}\n",
}
PLANTED = [
    ("runtime/src/a.rs", "fn a(now: u64) {}\n", 1),
    ("runtime/src/a.rs", "struct A {\n    closed_until: Option<u64>,\n    wait: u64,\n    round_trip: u64,\n}\n", 3),
    ("runtime/src/limiter/a.rs", "fn a(at: &mut u64, (sent, now): (u64, u64)) {}\n", 2),
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
    shrinking.self_test()
    print(f"units: {len(PLANTED)} planted files found, none in the clean tree")


if __name__ == "__main__":
    main()
