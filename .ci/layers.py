"""Holds the code to .ci/layers.txt, and to the size limits of the project.

    python3 .ci/layers.py              checks the checkout
    python3 .ci/layers.py --draw       prints which file imports which, as lines "from -> to"
    python3 .ci/layers.py --self-test  proves on planted violations that the check can fail

Rust is read as text: comments, strings and `#[cfg(test)]` items are blanked out first, lines stay where they are.
A file's lines of code are those that are no comment and no docs, so that neither docs nor examples ask for a new file.
"""

import pathlib
import re
import sys
import tempfile

MOST_FILE_LINES = 350
MOST_FUNCTION_LINES = 50
CLOCK = re.compile(r"\b(?:Instant|SystemTime)::now\b")
# Files that take the time as an argument, and use no runtime, lock or atomic. An `Arc` is allowed: it only shares a value.
PURE = ("limiter/state", "bucket", "retry", "schedule", "learning", "headers")
IMPURE = re.compile(
    r"\btokio\s*::|\b(?:std|core)\s*::\s*sync\s*::\s*(?!Arc\b)\w*|\b(?:Instant|SystemTime|clock)\s*::\s*now\b"
)
LAYERED = ("runtime", "macros")
SIZED = ("runtime", "macros", "tests", "examples")

# A comment, a string, a character: whatever may hold a brace or a path that is not code. A lifetime is not a character.
NOT_CODE = re.compile(
    r"""//[^\n]* | /\*.*?\*/
      | \b[bc]?r(?P<hashes>\#*)".*?"(?P=hashes)
      | \b[bc]?"(?:\\.|[^"\\])*" | "(?:\\.|[^"\\])*"
      | \bb?'(?:\\[^\n]+?|[^\\'\n])' | '(?:\\[^\n]+?|[^\\'\n])'
    """,
    re.VERBOSE | re.DOTALL,
)
CFG_TEST = re.compile(r"#\[cfg\(test\)\]")
TEST_MODULE = re.compile(r"#\[cfg\(test\)\]\s*mod\s+(\w+)\s*;")
FUNCTION = re.compile(r"\bfn\s+(?:r#)?(\w+)")
INLINE = re.compile(r"\bmod\s+(?:r#)?(\w+)\s*(?=\{)")
IN_PATH = re.compile(r"\bpub\s*\(in [^)]*\)")
LONG_PATH = re.compile(r"(?<![\w$:])((?:crate|self|super(?:\s*::\s*super)*)(?:\s*::\s*(?:r#)?\w+)+)")
RE_EXPORT = re.compile(
    r"\bpub(?:\s*\([^)]*\))?\s+use\s+((?:crate|self|super)(?:\s*::\s*(?:r#)?\w+)+)(?:\s+as\s+(\w+))?\s*;"
)
PATH = re.compile(r"(?<![\w$:])(crate|super(?:\s*::\s*super)*)\s*::\s*(\{|(?:r#)?\w+)")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    root = pathlib.Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--draw"]:
        draw(root)
        return
    problems = check(root, (root / ".ci/layers.txt").read_text())
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"{len(problems)} violations")


def check(root, table_text):
    """All violations below `root`, one line each."""
    table = read_table(table_text)
    problems = []
    for crate in LAYERED:
        problems += check_layers(root, crate, table[crate])
        arrows = arrows_of(root / crate / "src/lib.rs")
        for place, entries in table.items():
            if place.startswith(f"{crate}/"):
                problems += check_folder(place, entries, arrows)
    for folder in SIZED:
        for file in sources(root / folder):
            problems += check_sizes(root, file)
    for crate_root in crate_roots(root):
        problems += check_circles(root, crate_root)
    return problems


def read_table(text):
    """crate, or crate/folder -> entry -> (layer, the entries named on its line)."""
    table = {crate: {} for crate in LAYERED}
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words:
            place, entry, layer, *also = words
            table.setdefault(place, {})[entry] = (int(layer), set(also))
    return table


def sources(folder):
    """Written by hand: not what cargo built, nor what the golden tests wrote."""
    built = {"target", "golden"}
    files = sorted(folder.rglob("*.rs"))
    return [file for file in files if built.isdisjoint(file.relative_to(folder).parts)]


def check_layers(root, crate, entries):
    source = root / crate / "src"
    tests = set(TEST_MODULE.findall(blanked((source / "lib.rs").read_text())))
    seen = set()
    for file in sources(source):
        name = file.relative_to(root)
        entry = file.relative_to(source).parts[0].removesuffix(".rs")
        if entry in tests:
            continue
        seen.add(entry)
        if entry not in entries:
            yield f"{name}: {entry} is not in .ci/layers.txt"
            continue
        code = without_tests(blanked(file.read_text()))
        for line, target in imports(code, file.relative_to(source)):
            if target != entry and not allowed(entries, entry, target):
                yield f"{name}:{line}: {entry} may not import {target}"
        yield from check_words(name, code)
        if crate == "runtime":
            yield from check_purity(name, file.relative_to(source), code)
    for entry in sorted(entries.keys() - seen):
        yield f".ci/layers.txt: {crate} has no {entry}"


def check_folder(place, entries, arrows):
    """The second level: which entry imports which inside of a folder."""
    folder = tuple(place.split("/")[1:])
    seen = set()
    for module, targets in sorted(arrows.items()):
        if module[: len(folder)] != folder:
            continue
        entry = entry_of(module[len(folder) :], entries)
        seen.add(entry)
        if entry not in entries:
            yield f"{place}: {entry} is not in .ci/layers.txt"
            continue
        for target in sorted(targets):
            if target[: len(folder)] != folder:
                continue
            other = entry_of(target[len(folder) :], entries)
            if other != entry and not allowed(entries, entry, other):
                yield f"{place}: {entry} may not import {other} (in {'::'.join(module)})"
    for entry in sorted(entries.keys() - seen):
        yield f".ci/layers.txt: {place} has no {entry}"


def entry_of(rest, entries):
    """The entry of a file, by its path below the folder: the longest that the table names, else the first part."""
    paths = ["/".join(rest[:n]) for n in range(len(rest), 0, -1)]
    return next((path for path in paths if path in entries), paths[-1] if paths else "mod")


def allowed(entries, entry, target):
    layer, also = entries[entry]
    return target in also or (target in entries and entries[target][0] < layer)


def crate_roots(root):
    """The root files of all crates: `lib.rs`, or the `main.rs` of a program or a test with several files."""
    for folder in SIZED:
        for file in sources(root / folder):
            if file.name in ("lib.rs", "main.rs"):
                yield file


def check_circles(root, crate_root):
    """One line for each circle of files that import each other, however indirectly."""
    arrows = arrows_of(crate_root)
    for circle in circles(arrows):
        names = " ".join(sorted("::".join(module) or crate_root.stem for module in circle))
        yield f"{crate_root.parent.relative_to(root)}: these files import each other in a circle: {names}"


def draw(root):
    for crate_root in crate_roots(root):
        for module, targets in sorted(arrows_of(crate_root).items()):
            for target in sorted(targets):
                print(crate_root.parent.relative_to(root), "::".join(module) or "-", "->", "::".join(target) or "-")


def arrows_of(crate_root):
    """module -> the modules of the same crate whose items it names. A re-export counts as no import: a file that uses
    it imports from the file that has the item. Test modules are left out."""
    codes = modules_of(crate_root)
    aliases = {}
    for module, code in codes.items():
        for path, name in RE_EXPORT.findall(code):
            target = absolute(module, parts_of(path))
            alias = module + (name or target[-1],)
            if alias not in codes:
                aliases[alias] = target
    arrows = {module: set() for module in codes}
    for module, code in codes.items():
        for inner, path in paths_of(RE_EXPORT.sub("", code)):
            full = real(absolute(module + inner, parts_of(path)), aliases)
            if full[: len(module + inner)] == module + inner and inner:
                continue
            target = next(full[:n] for n in range(len(full), -1, -1) if full[:n] in codes)
            if target != module:
                arrows[module].add(target)
    return arrows


def modules_of(crate_root):
    """module path -> its code without tests, for the root file and all that belongs to it."""
    folder = crate_root.parent
    codes = {}
    for file in sources(folder):
        module = file.relative_to(folder).with_suffix("").parts
        other_root = file.name in ("lib.rs", "main.rs") and file != crate_root
        if other_root or (file.name == "tests.rs" and file != crate_root) or "tests" in module[:-1]:
            continue
        if module[-1] == "mod" or file == crate_root:
            module = module[:-1]
        codes[module] = IN_PATH.sub("pub", without_tests(blanked(file.read_text())))
    return codes


def paths_of(code):
    """(the inline modules around it, path) for each path that begins with `crate`, `self` or `super`."""
    inline = [(found.start(), item_end(code, found.end()), found[1]) for found in INLINE.finditer(code)]
    for found in LONG_PATH.finditer(code):
        yield tuple(name for start, end, name in inline if start < found.start() < end), found[1]


def parts_of(path):
    return tuple(re.sub(r"\s|r#", "", path).split("::"))


def absolute(module, parts):
    if parts[0] == "crate":
        return parts[1:]
    if parts[0] == "self":
        return module + parts[1:]
    ups = next((n for n, part in enumerate(parts) if part != "super"), len(parts))
    return module[: len(module) - ups] + parts[ups:]


def real(full, aliases):
    """The path of an item without the re-exports on the way to it."""
    for _ in range(8):
        known = next((n for n in range(len(full), 0, -1) if full[:n] in aliases), None)
        if known is None:
            return full
        full = aliases[full[:known]] + full[known:]
    return full


def circles(arrows):
    """Tarjan's algorithm: the sets of modules of which each reaches each other one."""
    order, low, stack, found = {}, {}, [], []

    def visit(module):
        order[module] = low[module] = len(order)
        stack.append(module)
        for target in sorted(arrows[module]):
            if target not in order:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], order[target])
        if low[module] == order[module]:
            at = stack.index(module)
            if len(stack) - at > 1:
                found.append(stack[at:])
            del stack[at:]

    for module in sorted(arrows):
        if module not in order:
            visit(module)
    return found


def check_words(name, code):
    rules = [
        (CLOCK, "runtime/src/clock.rs", "reads the clock"),
        (re.compile(r"\bproc_macro\b"), "macros/src/lib.rs", "names proc_macro"),
    ]
    for pattern, home, what in rules:
        if name.as_posix() == home:
            continue
        for found in pattern.finditer(code):
            yield f"{name}:{line_of(code, found.start())}: {what} outside {home}"


def check_purity(name, file, code):
    path = file.with_suffix("").as_posix()
    if path.endswith("/tests") or not any(path == pure or path.startswith(f"{pure}/") for pure in PURE):
        return
    for found in IMPURE.finditer(code):
        yield f"{name}:{line_of(code, found.start())}: {found[0]} in a file that takes the time as an argument"


def check_sizes(root, file):
    name = file.relative_to(root)
    text = file.read_text()
    lines = sum(not line.lstrip().startswith("//") for line in text.splitlines())
    if lines > MOST_FILE_LINES:
        yield f"{name}: {lines} lines of code, at most {MOST_FILE_LINES}"
    code = without_tests(blanked(text))
    for found in FUNCTION.finditer(code):
        end = item_end(code, found.end())
        length = line_of(code, end) - line_of(code, found.start()) + 1
        if length > MOST_FUNCTION_LINES:
            line = line_of(code, found.start())
            yield f"{name}:{line}: fn {found[1]} has {length} lines, at most {MOST_FUNCTION_LINES}"


def imports(code, file):
    """(line, entry) for each path of `code` that leaves through the root of its crate."""
    module = [part.removesuffix(".rs") for part in file.parts]
    if module[-1] in ("lib", "mod"):
        module.pop()
    for found in PATH.finditer(code):
        ups = len(module) if found[1] == "crate" else found[1].count("super")
        if ups < len(module):
            continue
        for target in heads(code, found.start(2)):
            yield line_of(code, found.start()), target.removeprefix("r#")


def heads(code, at):
    """The first names of a path's rest: `a::b` has one, `{a::b, c}` has two."""
    if code[at] != "{":
        return [re.match(r"(?:r#)?\w+", code[at:])[0]]
    flat = code[at + 1 : closing(code, at)]
    while "{" in flat:
        flat = re.sub(r"\{[^{}]*\}", "", flat)
    return re.findall(r"(?:^|,)\s*((?:r#)?\w+)", flat)


def blanked(text):
    """`text` with spaces for whatever is not code; newlines stay."""
    return NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def without_tests(code):
    """`code` with spaces for items under `#[cfg(test)]`."""
    while found := CFG_TEST.search(code):
        end = item_end(code, found.end()) + 1
        code = code[: found.start()] + re.sub(r"[^\n]", " ", code[found.start() : end]) + code[end:]
    return code


def item_end(code, at):
    """Where the item ends that begins at `at`: its closing brace, or its semicolon."""
    depth = 0
    while at < len(code):
        if code[at] == "{" and depth == 0:
            return closing(code, at)
        if code[at] == ";" and depth == 0:
            return at
        depth += (code[at] in "([") - (code[at] in ")]")
        at += 1
    return len(code) - 1


def closing(code, at):
    depth = 0
    for end in range(at, len(code)):
        depth += (code[end] == "{") - (code[end] == "}")
        if depth == 0:
            return end
    return len(code) - 1


def line_of(code, at):
    return code.count("\n", 0, at) + 1


TABLE = """
runtime quota 0
runtime hint 0 quota
runtime limiter 1
runtime clock 2
runtime lib 3
macros diag 0
macros lib 1
runtime/limiter gate 0 queue
runtime/limiter queue 0 gate
runtime/limiter state 0
runtime/limiter state/shell 2
runtime/limiter mod 1
"""
CLEAN = {
    "runtime/src/quota.rs": "//! `crate::limiter`\nconst A: &str = \"{ crate::limiter\";\n"
    "#[cfg(test)]\nmod tests { use crate::limiter::X; fn f<'a>() -> char { '}' } }\n",
    "runtime/src/hint.rs": "use crate::quota::Quota;\n",
    "runtime/src/limiter/mod.rs": "use crate::{hint::{Hint, Policy}, quota};\nuse self::gate::Gate;\nmod gate;\n",
    "runtime/src/limiter/gate.rs": "use crate::limiter::queue::Q;\npub struct Gate;\n",
    "runtime/src/limiter/queue.rs": "pub struct Q;\nmod inner { use super::Q; }\n",
    "runtime/src/limiter/state/mod.rs": "use std::sync::Arc;\n// tokio::time\nfn f(now: u64) {}\n",
    "runtime/src/limiter/state/shell.rs": "use crate::limiter::Limiter;\n",
    "runtime/src/clock.rs": "fn now() -> Instant { Instant::now() }\n",
    "runtime/src/lib.rs": "mod clock;\n#[cfg(test)]\nmod checks;\n",
    "runtime/src/checks.rs": "use crate::anything;\n",
    "macros/src/diag.rs": "use proc_macro2::Span;\n",
    "macros/src/lib.rs": "use crate::diag::Errors;\nfn f(_: proc_macro::TokenStream) {}\n",
}
PLANTED = [
    ("runtime/src/quota.rs", "use crate::limiter::X;\n", "quota may not import limiter"),
    ("runtime/src/quota.rs", "use crate::{\n    hint::Hint,\n};\n", "quota may not import hint"),
    ("runtime/src/quota.rs", "use super::limiter::X;\n", "quota may not import limiter"),
    ("runtime/src/quota.rs", "fn f() { crate::clock::x() }\n", "quota may not import clock"),
    ("runtime/src/quota.rs", "const A: char = '\"'; use crate::clock::A; const B: char = '\"';\n", "quota may not import clock"),
    ("runtime/src/quota.rs", "#[cfg(test)]\nuse a::b;\nuse crate::clock::A;\n", "quota may not import clock"),
    ("runtime/src/hint.rs", "use crate::Limiter;\n", "hint may not import Limiter"),
    ("runtime/src/limiter/gate.rs", "use super::super::clock;\n", "limiter may not import clock"),
    ("runtime/src/other.rs", "\n", "other is not in .ci/layers.txt"),
    ("runtime/src/limiter/gate.rs", "fn f() { tokio::time::Instant::now(); }\n", "reads the clock outside"),
    ("runtime/src/quota.rs", "fn f() { SystemTime::now(); }\n", "reads the clock outside"),
    ("macros/src/diag.rs", "use proc_macro::Span;\n", "names proc_macro outside"),
    ("macros/src/diag.rs", "// a\nf();\n" * 351, "351 lines of code, at most 350"),
    ("runtime/src/limiter/queue.rs", "use super::gate::Gate;\npub struct Q;\n", "in a circle: limiter::gate limiter::queue"),
    ("runtime/src/limiter/queue.rs", "use super::state::S;\npub struct Q;\n", "limiter: queue may not import state"),
    ("runtime/src/limiter/state/mod.rs", "use self::shell::S;\n", "limiter: state may not import state/shell"),
    ("runtime/src/limiter/timers.rs", "\n", "limiter: timers is not in .ci/layers.txt"),
    ("runtime/src/limiter/state/mod.rs", "fn f() { tokio::spawn(g()); }\n", "tokio:: in a file that takes"),
    ("runtime/src/limiter/state/mod.rs", "use std::sync::Mutex;\n", "std::sync::Mutex in a file that takes"),
    ("runtime/src/limiter/state/mod.rs", "fn f() { clock::now(); }\n", "clock::now in a file that takes"),
    ("examples/src/lib.rs", "fn long(\n    a: [u8; 2],\n) {\n" + "f();\n" * 48 + "}\n", "fn long has 52 lines, at most 50"),
]


def self_test():
    expect(CLEAN, None)
    for file, text, problem in PLANTED:
        expect({**CLEAN, file: text}, problem)
    through = {**CLEAN, "runtime/src/limiter/mod.rs": "mod gate;\npub use self::queue::Q;\n",
               "runtime/src/limiter/queue.rs": "use super::gate::G;\n", "runtime/src/limiter/gate.rs": "use super::Q;\n"}
    expect(through, "in a circle: limiter::gate limiter::queue")
    gone = {file: text for file, text in CLEAN.items() if "clock" not in file}
    expect(gone, "runtime has no clock")
    gone = {file: text for file, text in CLEAN.items() if "shell" not in file}
    expect(gone, "runtime/limiter has no state/shell")
    print(f"layers: {sum(problem is not None for _, _, problem in PLANTED) + 3} planted violations found, none in the clean tree")


def expect(files, problem):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for file, text in files.items():
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        found = check(root, TABLE)
    wanted = [] if problem is None else [problem]
    if len(found) != len(wanted) or any(part not in line for part, line in zip(wanted, found)):
        sys.exit(f"self-test: planted {wanted}, found {found}")


if __name__ == "__main__":
    main()
