"""Lists the public items of `paced`, and fails on one without an example in its docs.

    python3 .ci/public_items.py               checks the checkout
    python3 .ci/public_items.py --list        prints every public item, with `-` before those without an example
    python3 .ci/public_items.py --shrink      removes from .ci/without_example.txt the items that have one now
    python3 .ci/public_items.py --self-test   proves on planted items that the check can fail

The items are read from rustdoc's JSON, with all features. Items that still lack an example are listed in
.ci/without_example.txt; the list may only get shorter.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXCEPTIONS = ROOT / ".ci/without_example.txt"
# Of its own, since the environment variable below would make cargo build the shared one anew.
TARGET = "target/api"
# A block of Rust; `text`, `toml` and the like are no examples, and `ignore` is not compiled.
EXAMPLE = re.compile(r"^ *```(?:rust|no_run|should_panic|compile_fail|,|edition\d+| )*$", re.MULTILINE)
TYPES = ("struct", "enum", "union")
ALONE = ("function", "constant", "static", "type_alias", "macro", "proc_macro")


def main():
    match sys.argv[1:]:
        case ["--self-test"]:
            self_test()
        case ["--list"]:
            for path, has_example in sorted(items(rustdoc_json()).items()):
                print(" " if has_example else "-", path)
        case ["--shrink"]:
            lacking = {path for path, has_example in items(rustdoc_json()).items() if not has_example}
            EXCEPTIONS.write_text("".join(f"{path}\n" for path in sorted(lacking & exceptions())))
        case []:
            report(items(rustdoc_json()), exceptions())
        case other:
            sys.exit(f"unknown arguments: {other}")


def report(found, listed):
    problems = check(found, listed)
    for problem in problems:
        print(problem)
    print(f"public_items: {sum(found.values())} of {len(found)} public items have an example")
    if problems:
        sys.exit(f"{len(problems)} problems")


def check(found, listed):
    """All problems, one line each."""
    lacking = {path for path, has_example in found.items() if not has_example}
    new = [f"{path}: no example in its docs" for path in sorted(lacking - listed)]
    old = [f"{path}: has an example or is gone, remove it from {EXCEPTIONS.name}" for path in sorted(listed - lacking)]
    return new + old


def exceptions():
    return {line.strip() for line in EXCEPTIONS.read_text().splitlines() if line.strip()}


def rustdoc_json():
    return json.loads(build_json().read_text())


def build_json():
    """Where rustdoc writes its description of `paced`. JSON is an unstable output, which the variable unlocks."""
    command = ["cargo", "rustdoc", "-p", "paced", "--lib", "--all-features", "--locked", "--target-dir", TARGET]
    command += ["--", "-Z", "unstable-options", "--output-format", "json"]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "RUSTC_BOOTSTRAP": "1"})
    return ROOT / TARGET / "doc/paced.json"


def items(crate):
    """path -> whether its docs have an example, of each public item but modules, fields and variants."""
    found = {}
    index = crate["index"]
    visit(index, index[str(crate["root"])], "", found)
    return found


def visit(index, item, path, found):
    """Adds `item`, whose name is the last part of `path`, and what it holds."""
    kind, inner = next(iter(item["inner"].items()))
    if kind == "module":
        for id in inner["items"]:
            child = index[str(id)]
            visit(index, child, join(path, name_of(child)), found)
    elif kind == "use":
        target = index.get(str(inner["id"]))
        if inner["is_glob"]:
            sys.exit(f"{path}: a glob cannot be followed, name each item")
        if target is None or target["crate_id"] != item["crate_id"]:
            # An item of another crate has its docs at the re-export.
            found[path] = has_example(item)
        else:
            visit(index, target, path, found)
    elif kind in TYPES:
        found[path] = has_example(item)
        for id in inner["impls"]:
            block = index[str(id)]["inner"]["impl"]
            if block["trait"] is None:
                members(index, block["items"], path, found)
    elif kind == "trait":
        found[path] = has_example(item)
        members(index, inner["items"], path, found)
    elif kind in ALONE:
        found[path] = has_example(item)
    else:
        sys.exit(f"{path}: unknown kind of item: {kind}")


def members(index, ids, path, found):
    for id in ids:
        member = index[str(id)]
        if "function" in member["inner"] or "assoc_const" in member["inner"]:
            found[join(path, member["name"])] = has_example(member)


def name_of(item):
    return item["inner"]["use"]["name"] if "use" in item["inner"] else item["name"]


def join(path, name):
    return f"{path}::{name}" if path else name


def has_example(item):
    # Opening and closing fences alternate, and only an opening one says what follows.
    fences = re.findall(r"^ *```.*$", item["docs"] or "", re.MULTILINE)
    return any(EXAMPLE.match(fence) for fence in fences[::2])


def planted(docs):
    """A crate with a module, a re-exported type with a method, a trait impl's method and a function."""
    def item(name, docs, **inner):
        return {"name": name, "docs": docs, "crate_id": 0, "inner": inner}

    return {
        "root": 0,
        "index": {
            "0": item("krate", None, module={"items": [1, 2]}),
            "1": item(None, None, use={"name": "Type", "id": 3, "is_glob": False}),
            "2": item("inside", None, module={"items": [4]}),
            "3": item("Type", docs, struct={"impls": [5, 6]}),
            "4": item("run", docs, function={}),
            "5": item(None, None, impl={"trait": None, "items": [7]}),
            "6": item(None, None, impl={"trait": {}, "items": [8]}),
            "7": item("new", docs, function={}),
            "8": item("fmt", None, function={}),
        },
    }


def self_test():
    paths = {"Type", "Type::new", "inside::run"}
    cases = [
        ("Text.\n\n```\nassert!(true);\n```\n", True),
        ("```no_run\nf();\n```", True),
        ("Text.", False),
        (None, False),
        ("```text\na drawing\n```\n", False),
        ("```ignore\nf();\n```\n", False),
    ]
    for docs, expected in cases:
        found = items(planted(docs))
        if found != dict.fromkeys(paths, expected):
            sys.exit(f"self-test: {docs!r} gives {found}")
    lacking, complete = items(planted("Text.")), items(planted("```\nf();\n```"))
    if len(check(lacking, set())) != 3 or check(lacking, paths) or len(check(complete, {"Type"})) != 1:
        sys.exit("self-test: a planted item was not found")
    print(f"public_items: {len(cases)} planted crates and 4 planted items judged right")


if __name__ == "__main__":
    main()
