"""Refuses docs that do not begin with a verb or a noun, and comments that speak of persons.

    python3 .ci/openings.py              checks the checkout
    python3 .ci/openings.py --self-test  proves on planted lines that the check can fail

A doc comment begins with a verb ("Returns", "Waits") or with the noun that the item is, not with "What", "Who",
"Those" or "Nobody". Comments speak of callers, waiters and requests, not of "somebody who" does something.
"""

import pathlib
import re
import sys
import tempfile

import layers
import shrinking

FOLDERS = ("runtime", "macros", "tests", "examples")
OPENING = re.compile(r"^ *//[/!] (?:\* )?(?:What|Who|Whom|Whoever|Those|Nobody|Somebody|Everybody)\b")
COMMENT = re.compile(r"^ *//[/!]?[ \n]")
PERSON = re.compile(r"\b(?:who|whom|whoever|some(?:body|one)|nobody|everybody|anybody)\b", re.IGNORECASE)


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    problems = list(check(pathlib.Path(__file__).resolve().parent.parent))
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"{len(problems)} lines")


def check(root):
    """All such lines below `root`, with their places."""
    for folder in FOLDERS:
        for file in layers.sources(root / folder):
            for number, line in enumerate(file.read_text().splitlines(), 1):
                place = f"{file.relative_to(root).as_posix()}:{number}"
                if OPENING.match(line):
                    yield f"{place}: begin with a verb or a noun: {line.strip()}"
                elif COMMENT.match(line) and PERSON.search(line):
                    yield f"{place}: callers, waiters or requests instead of persons: {line.strip()}"


CLEAN = {
    "runtime/src/lib.rs": "//! Whatever\n// What a comment may say of calls whose body runs.\n/// Returns what is left.\n"
    'fn f() { g("nobody"); }\n',
    "macros/target/debug/built.rs": "/// What cargo wrote.\n",
}
PLANTED = [
    ("runtime/src/a.rs", "/// What is left.\nfn a() {}\n", 1),
    ("macros/src/a.rs", "//! Those of it.\nmod a {\n    /// * Nobody waits.\n    fn a() {}\n}\n", 2),
    ("tests/a.rs", "    /// Who waits.\n", 1),
    ("tests/a.rs", "    // Until somebody comes.\n", 1),
    ("runtime/src/a.rs", "/// Serves callers who wait.\n", 1),
]


def self_test():
    for file, text, lines in [("runtime/src/a.rs", "", 0), *PLANTED]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            shrinking.plant(root, {**CLEAN, file: text})
            found = list(check(root))
        if len(found) != lines or not all(line.startswith(f"{file}:") for line in found):
            sys.exit(f"self-test: planted {lines} lines in {file}, found {found}")
    print(f"openings: {len(PLANTED)} planted files found, none in the clean tree")


if __name__ == "__main__":
    main()
