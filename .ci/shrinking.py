"""What the checks have in common that compare counts with a list which may only get shorter.

A list has one line for each key that still has a count: the key, a space, the count. A count above that of the list
fails, and so does one below it: a change that lowers a count lowers it in the list as well (`--shrink`).
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main(arguments, path, count, self_test, unit):
    file = ROOT / path
    match arguments:
        case ["--self-test"]:
            self_test()
        case ["--shrink"]:
            file.write_text(shrunk(read(file.read_text()), count(ROOT)))
        case []:
            found = count(ROOT)
            problems = list(compare(read(file.read_text()), found, path, unit))
            for problem in problems:
                print(problem)
            print(f"{pathlib.Path(path).stem}: {sum(found.values())} {unit} of {len(found)} known cases")
            if problems:
                sys.exit(f"{len(problems)} problems")
        case other:
            sys.exit(f"unknown arguments: {other}")


def read(text):
    """key -> count"""
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if line]
    return {key: int(count) for key, count in rows}


def compare(listed, found, path, unit):
    """All problems, one line each."""
    for key in sorted(listed.keys() | found.keys()):
        known, now = listed.get(key, 0), found.get(key, 0)
        if now > known:
            yield f"{key}: {now} {unit}, {path} allows {known or 'none'}"
        elif now < known:
            yield f"{key}: {now} {unit} left of {known}, run the script with --shrink"


def shrunk(listed, found):
    """The list with lower counts where there are some. No count gets higher, and no key is added."""
    rows = {key: min(count, found.get(key, 0)) for key, count in listed.items()}
    return "".join(f"{key} {count}\n" for key, count in sorted(rows.items()) if count)


def plant(root, files):
    for file, text in files.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def self_test():
    listed = read("a b 2\nc 1\n")
    cases = [({"a b": 2, "c": 1}, 0), ({"a b": 3, "c": 1}, 1), ({"a b": 2}, 1), ({"a b": 2, "c": 1, "d": 1}, 1)]
    for found, problems in cases:
        if len(list(compare(listed, found, "list", "units"))) != problems:
            sys.exit(f"self-test: {found} against {listed}")
    if shrunk(listed, {"a b": 9, "d": 1}) != "a b 2\n":
        sys.exit("self-test: a list may only get shorter")
