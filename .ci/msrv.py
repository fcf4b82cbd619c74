"""Every crate that a user of `paced` builds, with any features, must build on the Rust version that we state.

Only one toolchain may be at hand, so the versions that the crates themselves state are compared. Clippy's
`incompatible_msrv` does the same for the standard library's functions.
"""

import json
import subprocess
import sys

OURS = ("paced", "paced-macros")


def main():
    metadata = json.loads(
        subprocess.check_output(["cargo", "metadata", "--format-version=1", "--all-features", "--locked"])
    )
    packages = {package["id"]: package for package in metadata["packages"]}
    needed = dependencies(metadata["resolve"]["nodes"], packages)
    stated = version(next(package for package in needed if package["name"] == "paced")["rust_version"])

    silent = sorted(package["name"] for package in needed if package["rust_version"] is None)
    newer = [package for package in needed if package["rust_version"] and version(package["rust_version"]) > stated]
    for package in newer:
        print(f"{package['name']} {package['version']} needs Rust {package['rust_version']}")
    print(f"msrv: {len(needed)} crates; {len(newer)} too new; without a stated version: {', '.join(silent) or 'none'}")
    sys.exit(1 if newer else 0)


def dependencies(nodes, packages):
    """Our crates and all they need to be built by a user: no dev-dependencies."""
    edges = {
        node["id"]: [
            dep["pkg"] for dep in node["deps"] if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])
        ]
        for node in nodes
    }
    todo = [id for id, package in packages.items() if package["name"] in OURS]
    seen = set()
    while todo:
        id = todo.pop()
        if id not in seen:
            seen.add(id)
            todo += edges[id]
    return [packages[id] for id in seen]


def version(text):
    return tuple(int(part) for part in (text.split(".") + ["0", "0"])[:3])


if __name__ == "__main__":
    main()
