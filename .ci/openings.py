"""Counts the doc lines that open with "What", "Who", "Those" or "Nobody" instead of a verb or a noun.

    python3 .ci/openings.py              checks the checkout
    python3 .ci/openings.py --shrink     lowers the counts in .ci/openings.txt to those of the checkout
    python3 .ci/openings.py --self-test  proves on planted lines that the check can fail

A doc comment begins with a verb ("Returns", "Waits") or with the noun that the item is. The files that still have
other lines are listed in .ci/openings.txt with their counts; the list may only get shorter.
"""

import pathlib
import re
import sys
import tempfile

import layers
import shrinking

FOLDERS = ("runtime", "macros", "tests", "examples")
OPENING = re.compile(r"^ *//[/!] (?:\* )?(?:What|Who|Whom|Whoever|Those|Nobody|Somebody|Everybody)\b", re.MULTILINE)
LIST = ".ci/openings.txt"


def main():
    shrinking.main(sys.argv[1:], LIST, count, self_test, "lines")


def count(root):
    """file -> the number of such lines, where there are some."""
    found = {}
    for folder in FOLDERS:
        for file in layers.sources(root / folder):
            if lines := len(OPENING.findall(file.read_text())):
                found[file.relative_to(root).as_posix()] = lines
    return found


CLEAN = {
    "runtime/src/lib.rs": "//! Whatever\n// What a comment may say.\n/// Returns what is left.\nfn f() {}\n",
    "macros/target/debug/built.rs": "/// What cargo wrote.\n",
}
PLANTED = [
    ("runtime/src/a.rs", "/// What is left.\nfn a() {}\n", 1),
    ("macros/src/a.rs", "//! Those of it.\nmod a {\n    /// * Nobody waits.\n    fn a() {}\n}\n", 2),
    ("tests/a.rs", "    /// Who waits.\n", 1),
]


def self_test():
    for file, text, lines in [("runtime/src/a.rs", "", 0), *PLANTED]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            shrinking.plant(root, {**CLEAN, file: text})
            found = count(root)
        if found != ({file: lines} if lines else {}):
            sys.exit(f"self-test: planted {lines} lines in {file}, found {found}")
    shrinking.self_test()
    print(f"openings: {len(PLANTED)} planted files found, none in the clean tree")


if __name__ == "__main__":
    main()
