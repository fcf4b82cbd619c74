"""Compares the public API of `paced` with runtime/public-api.txt, so that each change of it shows in a diff.

    python3 .ci/public_api.py            fails if the two differ, and prints the difference
    python3 .ci/public_api.py --update   writes the file

The text is made by cargo-public-api from the JSON of the pinned toolchain's rustdoc: the version of the tool below is
one that reads this format. It is installed into target/tools, unless that version is on the path.
"""

import difflib
import shutil
import subprocess
import sys

import public_items

VERSION = "0.52.0"
TEXT = public_items.ROOT / "runtime/public-api.txt"
TOOLS = public_items.ROOT / "target/tools"


def main():
    match sys.argv[1:]:
        case ["--update"]:
            TEXT.write_text(public_api())
        case []:
            compare(TEXT.read_text(), public_api())
        case other:
            sys.exit(f"unknown arguments: {other}")


def compare(kept, now):
    kept, now = kept.splitlines(), now.splitlines()
    print(*difflib.unified_diff(kept, now, TEXT.name, "now", n=0, lineterm=""), sep="\n")
    if kept != now:
        sys.exit("the public API has changed: python3 .ci/public_api.py --update, and commit the file")
    print(f"public_api: {len(now)} lines, unchanged")


def public_api():
    json = public_items.build_json()
    # No derived and automatic implementations: they follow from the types.
    command = [tool(), "public-api", "--rustdoc-json", json, "-sss", "--color", "never"]
    return subprocess.check_output(command, text=True)


def tool():
    for found in (shutil.which("cargo-public-api"), shutil.which(TOOLS / "bin/cargo-public-api")):
        if found and VERSION in subprocess.check_output([found, "public-api", "--version"], text=True).split():
            return found
    command = ["cargo", "install", f"cargo-public-api@{VERSION}", "--locked", "--quiet", "--root", TOOLS]
    subprocess.run(command, check=True)
    return TOOLS / "bin/cargo-public-api"


if __name__ == "__main__":
    main()
