"""Finds type names that have more than one meaning in one crate, and fails on new ones.

    python3 .ci/homonyms.py              checks the checkout
    python3 .ci/homonyms.py --shrink     lowers the counts in .ci/homonyms.txt to those of the checkout
    python3 .ci/homonyms.py --self-test  proves on planted homonyms that the check can fail

A name has as many meanings as there are files that define a struct, an enum, a union, a trait or a type alias of this
name; associated types and tests do not count. Two definitions in one file are one meaning, since they are alternatives
under `cfg`. The known homonyms are listed in .ci/homonyms.txt with their counts; the list may only get shorter.
"""

import pathlib
import re
import sys
import tempfile

import layers
import shrinking

CRATES = ("runtime", "macros")
DEFINITION = re.compile(r"\b(struct|enum|union|trait|type)\s+([A-Z]\w*)")
# Where `type` defines an associated type. A brace in a bound of the header is not legal Rust here.
BODY = re.compile(r"\b(?:impl|trait)\b[^;{}]*\{")
LIST = ".ci/homonyms.txt"


def main():
    shrinking.main(sys.argv[1:], LIST, count, self_test, "meanings")


def count(root):
    """`crate Name` -> the number of its meanings, where there is more than one."""
    found = {}
    for crate in CRATES:
        files = {}
        for file in layers.sources(root / crate / "src"):
            if file.name == "tests.rs" or "tests" in file.relative_to(root).parts:
                continue
            for name in definitions(layers.without_tests(layers.blanked(file.read_text()))):
                files.setdefault(name, set()).add(file)
        found |= {f"{crate} {name}": len(where) for name, where in files.items() if len(where) > 1}
    return found


def definitions(code):
    """The names of the types that `code` defines."""
    bodies = [(body.end(), layers.closing(code, body.end() - 1)) for body in BODY.finditer(code)]
    for found in DEFINITION.finditer(code):
        inside = any(start <= found.start() < end for start, end in bodies)
        if not (found[1] == "type" and inside):
            yield found[2]


CLEAN = {
    "runtime/src/desk.rs": "pub struct Desk;\nimpl Iterator for Desk { type Item = Desk; }\n",
    "runtime/src/chair.rs": "pub(crate) enum Chair<T> { A(T) }\nimpl Iterator for Chair<u8> { type Item = u8; }\n"
    "#[cfg(feature = \"a\")]\ntype Seat = u8;\n#[cfg(not(feature = \"a\"))]\ntype Seat = u16;\n"
    "#[cfg(test)]\nmod tests { struct Desk; }\n// struct Desk\n",
    "runtime/src/chair/tests.rs": "struct Desk;\n",
    "macros/src/desk.rs": "struct Desk;\n",
}
PLANTED = [
    ("runtime/src/table.rs", "enum Desk {}\n", {"runtime Desk": 2}),
    ("runtime/src/table.rs", "trait Chair: Send {}\ntype Seat = u8;\n", {"runtime Chair": 2, "runtime Seat": 2}),
    ("macros/src/table.rs", "pin_project! { pub struct Desk<F> { f: F } }\n", {"macros Desk": 2}),
]


def self_test():
    for file, text, expected in [("runtime/src/lib.rs", "", {}), *PLANTED]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            shrinking.plant(root, {**CLEAN, file: text})
            found = count(root)
        if found != expected:
            sys.exit(f"self-test: planted {expected}, found {found}")
    shrinking.self_test()
    print(f"homonyms: {len(PLANTED)} planted homonyms found, none in the clean tree")


if __name__ == "__main__":
    main()
