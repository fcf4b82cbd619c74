//! Writes the tests of `shapes` anew, with each function in an `impl` block that has the attribute.
//!
//! * A free function becomes the one function of a block, which has all of its options: `call(..)` is `CallBlock::call(..)`.
//! * A block with annotated methods gets the attribute with their common rate. Methods with more options inherit it, those with
//!   another limiter keep their own attribute, and those without the attribute skip it.
//!
//! The files are formatted by `rustfmt`, so that the indentation tells where an item ends.

use std::env;
use std::fs;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=shapes");
    println!("cargo::rerun-if-changed=shapes_in_blocks/build.rs");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let out = Path::new(&out).join("shapes_in_blocks");
    fs::create_dir_all(&out).expect("a folder");
    let mut modules = String::new();
    for entry in fs::read_dir("shapes").expect("the tests") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        // Plain functions have a folder of their own.
        if name == "main" || path.is_dir() {
            continue;
        }
        modules.extend(["mod ", &*name, ";\n"]);
        let text = fs::read_to_string(&path).expect("a test");
        fs::write(out.join(format!("{name}.rs")), in_blocks(&text)).expect("a written test");
    }
    fs::write(out.join("main.rs"), modules).expect("a written list");
}

fn in_blocks(text: &str) -> String {
    let text = macros(text);
    let lines: Vec<&str> = text.lines().collect();
    let (mut done, mut names) = (String::new(), Vec::new());
    let mut at = 0;
    while at < lines.len() {
        let item = Item::at(&lines[at..]);
        let is_annotated = item
            .lines
            .iter()
            .any(|line| line.contains("#[rate_limited("));
        if item.is("impl") && is_annotated {
            done.push_str(&block(item.lines));
        } else if item.is_function() && item.own().is_some() {
            names.push(item.name());
            done.push_str(&item.wrapped());
        } else if item.is("impl") || item.is("trait ") || item.is("macro_rules!") {
            done.push_str(&joined(item.lines));
        } else {
            done.push_str(&joined(&lines[at..=at]));
            at += 1;
            continue;
        }
        at += item.lines.len();
    }
    names.iter().fold(done, |text, name| called(&text, name))
}

/// Puts functions that macros write into blocks.
fn macros(text: &str) -> String {
    text.replace(
        "$(#[rate_limited(rate = 1000)] $item)*",
        "pub(super) struct Block; #[rate_limited(rate = 1000)] impl Block { $($item)* }",
    )
    .replace("annotated::$name", "annotated::Block::$name")
    .replace("annotated::owned", "annotated::Block::owned")
    .replace(
        "#[rate_limited(rate = $rate, max_retries = $retries)]",
        "struct Written; #[rate_limited(rate = $rate, max_retries = $retries)] impl Written {",
    )
    .replace("-> $ret $body\n", "-> $ret $body }\n")
    .replace("= written(&api", "= Written::written(&api")
    .replace(
        "assert_eq!(written(&api",
        "assert_eq!(Written::written(&api",
    )
}

/// Lines of an item with its attributes.
struct Item<'a> {
    lines: &'a [&'a str],
    /// Number of lines of attributes.
    attrs: usize,
}

impl<'a> Item<'a> {
    fn at(lines: &'a [&'a str]) -> Self {
        let mut attrs = 0;
        while attrs + 1 < lines.len() && is_attribute(lines[attrs]) {
            attrs += attribute_length(&lines[attrs..]);
        }
        let indent = indent(lines[attrs]);
        let is_end = |line: &&str| **line == format!("{indent}}}");
        let body = lines[attrs..].iter().position(is_end);
        let is_one_line = lines[attrs].ends_with(['}', ';']) || lines[attrs].is_empty();
        let length = if is_one_line {
            1
        } else {
            body.map_or(1, |end| end + 1)
        };
        Self {
            lines: &lines[..attrs + length],
            attrs,
        }
    }

    fn head(&self) -> &'a str {
        self.lines[self.attrs].trim_start()
    }

    fn is(&self, start: &str) -> bool {
        self.head().starts_with(start)
    }

    fn is_function(&self) -> bool {
        let head = self.head();
        let words = [
            "fn ",
            "async fn ",
            "pub(crate) async fn ",
            "pub(super) async fn ",
            "pub(super) fn ",
        ];
        words.iter().any(|start| head.starts_with(start))
    }

    fn name(&self) -> String {
        let (_, rest) = self.head().split_once("fn ").expect("a function");
        let end = rest.find(['(', '<']).expect("arguments");
        rest[..end].to_owned()
    }

    /// Returns the first line and the number of lines of the function's attribute, and its options on one line.
    fn own(&self) -> Option<(usize, usize, String)> {
        let start = self.lines[..self.attrs]
            .iter()
            .position(|line| line.trim_start().starts_with("#[rate_limited("))?;
        let length = attribute_length(&self.lines[start..]);
        let lines = self.lines[start..start + length]
            .iter()
            .map(|line| line.trim());
        let text = lines.collect::<Vec<_>>().join(" ");
        let options = text.strip_prefix("#[rate_limited(")?.strip_suffix(")]")?;
        Some((start, length, options.trim().to_owned()))
    }

    /// Returns a block with the function in it.
    fn wrapped(&self) -> String {
        let (start, length, options) = self.own().expect("its attribute");
        let block = block_of(&self.name());
        let (visibility, _) = self.head().split_once("fn ").expect("a function");
        let visibility = visibility.trim_end().trim_end_matches("async");
        let mut function: Vec<&str> = self.lines.to_vec();
        let is_above = |line: &&str| line.trim_start().starts_with("#[");
        let own = self.lines[..start]
            .iter()
            .any(is_above)
            .then_some("#[rate_limited(inherit)]");
        function.splice(start..start + length, own);
        let function = joined(&function);
        format!(
            "{visibility} struct {block};\n#[rate_limited({options})]\nimpl {block} {{\n{function}}}\n"
        )
    }
}

/// Returns a block of methods with the attribute.
fn block(lines: &[&str]) -> String {
    let text = joined(lines);
    let shared = if text.contains("rate = 1000, burst = 1000") {
        "rate = 1000, burst = 1000"
    } else {
        "rate = 1000"
    };
    // Below the attributes of the block, so that `#[async_trait]` stays above.
    let header = lines
        .iter()
        .position(|line| line.trim_start().starts_with("impl"))
        .expect("a header");
    let mut done = joined(&lines[..header]);
    done.extend(["#[rate_limited(", shared, ")]\n"]);
    done.push_str(&joined(&lines[header..=header]));
    let mut at = header + 1;
    while at < lines.len() {
        let item = Item::at(&lines[at..]);
        if !item.is_function() {
            done.push_str(&joined(&lines[at..=at]));
            at += 1;
            continue;
        }
        at += item.lines.len();
        let Some((start, length, options)) = item.own() else {
            let skip = if item.head().contains("async fn ") {
                "#[rate_limited(skip)]\n"
            } else {
                ""
            };
            done.push_str(skip);
            done.push_str(&joined(item.lines));
            continue;
        };
        let own = match options.strip_prefix(shared) {
            Some("") => String::new(),
            Some(rest) if rest.starts_with(',') => format!("#[rate_limited(inherit{rest})]"),
            _ => format!("#[rate_limited({options})]"),
        };
        let mut function: Vec<&str> = item.lines.to_vec();
        function.splice(start..start + length, [own.as_str()]);
        done.push_str(&joined(&function));
    }
    done
}

/// Replaces calls of a function by those of the function in its block.
fn called(text: &str, name: &str) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        done.push_str(before);
        let is_call =
            (after.starts_with('(') && !after.starts_with("()")) || after.starts_with("::<");
        let module = done.strip_suffix("::").is_none_or(|path| {
            let start = path.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let word = &path[start.map_or(0, |at| at + 1)..];
            word.starts_with(char::is_lowercase)
        });
        let is_name =
            !done.ends_with(|letter: char| letter.is_alphanumeric() || "_.#".contains(letter));
        if is_call && module && is_name && !done.ends_with("fn ") {
            done.push_str(&block_of(name));
            done.push_str("::");
        }
        done.push_str(name);
        rest = after;
    }
    done.push_str(rest);
    done
}

/// Returns `CallBlock` of `call`.
fn block_of(name: &str) -> String {
    let words = name.trim_start_matches("r#").split('_');
    let words = words.map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect::<String>() + "Block"
}

fn is_attribute(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("#[") || line.starts_with("///")
}

fn attribute_length(lines: &[&str]) -> usize {
    if lines[0].ends_with(']') || lines[0].trim_start().starts_with("///") {
        return 1;
    }
    let end = format!("{})]", indent(lines[0]));
    let end = lines.iter().position(|line| **line == *end);
    end.expect("the end of an attribute") + 1
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

fn joined(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [*line, "\n"]).collect()
}
