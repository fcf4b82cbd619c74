"""Checks a picture that `cargo run -p examples --example picture -- FILE` made, and the one in the tree.

    python3 .ci/picture.py FILE...       fails unless each file is well-formed SVG with the marks of both runs
    python3 .ci/picture.py --self-test   proves on planted pictures that the check can fail
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

SVG = "{http://www.w3.org/2000/svg}"
CALLS = 60
MOST_BYTES = 40_000


def main():
    match sys.argv[1:]:
        case ["--self-test"]:
            self_test()
        case files if files:
            for file in files:
                if problem := check(pathlib.Path(file).read_text()):
                    sys.exit(f"{file}: {problem}")
                print(f"picture: {file} has the marks of both runs")
        case _:
            sys.exit(__doc__)


def check(text):
    """The first problem, or None."""
    if len(text.encode()) >= MOST_BYTES:
        return f"{len(text.encode())} bytes, {MOST_BYTES} are too many"
    if "http://" in text.replace("http://www.w3.org/2000/svg", "") or "\n\n" in text:
        return "not self-contained, or with an empty line, which would end it within Markdown"
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        return f"not well-formed: {error}"
    lanes = {lane.get("id"): marks(lane) for lane in root.iter(f"{SVG}g")}
    if sorted(lanes) != ["paced", "plain"]:
        return f"the lanes are {sorted(lanes)}"
    for name, found in lanes.items():
        # Each call has a line from its beginning to its last answer. One line marks the end of the last call.
        if found.get("waits") != CALLS or found.get("done") != 1 or found.get("failed", 0) < 1:
            return f"{name}: {found}"
    if lanes["paced"]["served"] != CALLS or lanes["paced"]["refused"] != 0:
        return f"not every paced call was served: {lanes['paced']}"
    if lanes["plain"]["refused"] < 10:
        return f"the plain calls met no limit: {lanes['plain']}"
    return None


def marks(lane):
    """class -> number of marks; each begins with an absolute move."""
    return {path.get("class"): path.get("d").count("M") for path in lane.iter(f"{SVG}path")}


def planted(served=CALLS, refused=20):
    def lane(name, served, refused):
        counts = {"waits": CALLS, "done": 1, "served": served, "refused": refused, "failed": 1}
        paths = "".join(f'<path class="{name}" d="{"M1 2h0" * count}"/>' for name, count in counts.items())
        return f'<g id="{name}">{paths}</g>'

    lanes = lane("plain", CALLS - refused, refused) + lane("paced", served, CALLS - served)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{lanes}</svg>'


def self_test():
    cases = [
        (planted(), True),
        (planted(served=59), False),
        (planted(refused=0), False),
        (planted().replace("</svg>", ""), False),
        (planted().replace('id="paced"', 'id="other"'), False),
        (planted().replace("</g>", " " * MOST_BYTES + "</g>"), False),
        (planted().replace("</g>", '<image href="http://example.com"/></g>'), False),
    ]
    for text, good in cases:
        if (check(text) is None) != good:
            sys.exit(f"self-test: {check(text)!r} for {text[:200]}")
    print(f"picture: {len(cases)} planted pictures judged right")


if __name__ == "__main__":
    main()
