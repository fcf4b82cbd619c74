//! The functions of an `impl` block, found among its tokens. The block is not parsed: what is half typed stays as it is.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::tokens::{is_mark, is_semicolon, is_word};

/// `impl` block as tokens.
pub(crate) struct Block {
    /// Attributes, and everything before the braces.
    pub(crate) header: Vec<TokenTree>,
    pub(crate) body: Group,
}

/// Item of an `impl` block.
pub(crate) enum Item {
    Function(Function),
    /// Constant, type, macro, function without a body, or tokens that are no item.
    Other(Vec<TokenTree>),
}

/// Function with a body.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attr>,
    /// Visibility and signature.
    pub(crate) head: TokenStream,
    pub(crate) body: TokenTree,
}

/// `#[..]`
#[derive(Clone)]
pub(crate) struct Attr {
    pub(crate) hash: TokenTree,
    pub(crate) group: Group,
}

impl Block {
    /// Returns the block, if the item is one.
    pub(crate) fn of(item: &TokenStream) -> Option<Self> {
        let mut header: Vec<TokenTree> = item.clone().into_iter().collect();
        if let [TokenTree::Group(group)] = header.as_slice() {
            // An item that a `macro_rules` was given.
            return (group.delimiter() == Delimiter::None)
                .then(|| Self::of(&group.stream()))
                .flatten();
        }
        let (_, start) = attributes(&header);
        let is_before = |tree: &&TokenTree| is_word(tree, "unsafe") || is_word(tree, "default");
        let keyword = header[start..].iter().find(|tree| !is_before(tree))?;
        if !is_word(keyword, "impl") {
            return None;
        }
        match header.pop()? {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                Some(Self { header, body })
            }
            _ => None,
        }
    }

    /// Returns everything before the braces, without the attributes.
    pub(crate) fn impl_header(&self) -> TokenStream {
        let (_, start) = attributes(&self.header);
        self.header[start..].iter().cloned().collect()
    }

    pub(crate) fn items(&self) -> Vec<Item> {
        let mut found = Vec::new();
        split(self.body.stream(), &mut found);
        found
    }
}

impl Function {
    /// Returns whether it is written `async`.
    pub(crate) fn is_async(&self) -> bool {
        let qualifiers = self.head.clone().into_iter();
        let mut qualifiers = qualifiers.take_while(|tree| !is_word(tree, "fn"));
        qualifiers.any(|tree| is_word(&tree, "async"))
    }

    /// Returns the name.
    pub(crate) fn name(&self) -> String {
        let mut trees = self.head.clone().into_iter();
        trees.find(|tree| is_word(tree, "fn"));
        let name = trees.next().map(|name| name.to_string());
        name.unwrap_or_default()
    }
}

impl Attr {
    pub(crate) fn trees(self) -> [TokenTree; 2] {
        [self.hash, self.group.into()]
    }
}

/// Reads the attributes at the beginning; returns the place of what follows, too.
pub(crate) fn attributes(trees: &[TokenTree]) -> (Vec<Attr>, usize) {
    let mut found = Vec::new();
    while let [hash, TokenTree::Group(group), ..] = &trees[2 * found.len()..] {
        if !is_mark(hash, '#') || group.delimiter() != Delimiter::Bracket {
            break;
        }
        found.push(Attr {
            hash: hash.clone(),
            group: group.clone(),
        });
    }
    let length = 2 * found.len();
    (found, length)
}

fn split(tokens: TokenStream, found: &mut Vec<Item>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        let rest = &trees[at..];
        if let TokenTree::Group(group) = &rest[0] {
            if group.delimiter() == Delimiter::None && is_item(group) {
                split(group.stream(), found);
                at += 1;
                continue;
            }
        }
        let (attrs, start) = attributes(rest);
        if let Some(body) = body_of_function(&rest[start..]) {
            found.push(Item::Function(Function {
                attrs,
                head: rest[start..start + body].iter().cloned().collect(),
                body: rest[start + body].clone(),
            }));
            at += start + body + 1;
        } else {
            let end = (start + length_of_other(&rest[start..])).min(rest.len());
            found.push(Item::Other(rest[..end].to_vec()));
            at += end;
        }
    }
}

/// Returns whether invisible delimiters hold a whole item, and not only a visibility.
fn is_item(group: &Group) -> bool {
    let last = group.stream().into_iter().last();
    last.is_some_and(|tree| is_semicolon(&tree) || is_braces(&tree))
}

/// Returns whether it is a block, also one that a `macro_rules` was given.
fn is_braces(tree: &TokenTree) -> bool {
    let TokenTree::Group(group) = tree else {
        return false;
    };
    let mut inside = group.stream().into_iter();
    match group.delimiter() {
        Delimiter::Brace => true,
        Delimiter::None => {
            inside.next().is_some_and(|tree| is_braces(&tree)) && inside.next().is_none()
        }
        _ => false,
    }
}

/// Returns the place of the braces, where the tokens begin with a function that has a body.
fn body_of_function(trees: &[TokenTree]) -> Option<usize> {
    let keyword = trees.iter().position(|tree| !may_precede_fn(tree))?;
    if !is_word(&trees[keyword], "fn") {
        return None;
    }
    // Braces between `<` and `>` are a generic constant.
    let mut depth = 0_usize;
    for (at, tree) in trees.iter().enumerate().skip(keyword) {
        if is_mark(tree, '<') {
            depth += 1;
        } else if is_mark(tree, '>') && !is_mark(&trees[at - 1], '-') {
            depth = depth.saturating_sub(1);
        } else if is_semicolon(tree) {
            return None;
        } else if is_braces(tree) && depth == 0 {
            return Some(at);
        }
    }
    None
}

fn may_precede_fn(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Ident(word) => BEFORE_FN.iter().any(|before| word == before),
        // `"C"`, `(crate)`, or a visibility that a `macro_rules` was given.
        TokenTree::Literal(_) => true,
        TokenTree::Group(group) => {
            matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::None)
        }
        TokenTree::Punct(_) => false,
    }
}

const BEFORE_FN: [&str; 8] = [
    "pub", "crate", "default", "const", "async", "unsafe", "safe", "extern",
];

/// Counts the tokens of an item that is no function with a body.
fn length_of_other(trees: &[TokenTree]) -> usize {
    let mut words = trees.iter().filter(|tree| {
        matches!(tree, TokenTree::Ident(_)) && !is_word(tree, "pub") && !is_word(tree, "default")
    });
    // The braces of a value do not end it.
    let has_value = words
        .next()
        .is_some_and(|word| is_word(word, "const") || is_word(word, "type"));
    let is_end = |tree: &TokenTree| is_semicolon(tree) || (!has_value && is_braces(tree));
    trees
        .iter()
        .position(is_end)
        .map_or(trees.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(code: &str) -> Option<Block> {
        Block::of(&code.parse().expect("tokens"))
    }

    fn names(code: &str) -> Vec<String> {
        let items = block(code).expect("a block").items();
        let names = items.iter().filter_map(|item| match item {
            Item::Function(function) if function.is_async() => Some(function.name()),
            Item::Function(function) => Some(format!("-{}", function.name())),
            Item::Other(_) => None,
        });
        names.collect()
    }

    #[test]
    fn functions_are_found_among_other_items() {
        let code =
            "#[doc = \"x\"] unsafe impl<const N: usize> Api<{ N }> for T where [(); { N }]: Sized {
            const A: usize = { 1 };
            type B<T> = Vec<{ N }> where T: X;
            more! { async fn inside() {} }
            more!(async fn inside() {});
            /// Doc.
            #[must_use]
            pub(crate) async fn one<const M: usize>(&self) -> Api<{ M }> where Foo<{ M }>: Bar, {}
            const fn two() -> fn(u8) -> u8 {}
            pub const unsafe extern \"C\" fn three() {}
            async fn four();
            async fn r#five() -> Result<(), E> { async fn inside() {} }
        }";
        assert_eq!(names(code), ["one", "-two", "-three", "r#five"]);
    }

    #[test]
    fn half_typed_items_lose_nothing() {
        for code in [
            "impl Api { async fn one( ",
            "impl Api { async fn one() -> Result< { } async fn two() { } }",
            "impl Api { async fn }",
            "impl Api { # async fn one() { } }",
            "impl Api { pub }",
            "impl Api { #[rate_limited(] fn x() {} }",
            "impl Api { ; ; async fn one() { half . } type }",
        ] {
            let Ok(tokens) = code.parse::<TokenStream>() else {
                continue;
            };
            let block = Block::of(&tokens).expect("a block");
            let mut all = TokenStream::new();
            for item in block.items() {
                match item {
                    Item::Function(function) => {
                        all.extend(function.attrs.into_iter().flat_map(Attr::trees));
                        all.extend(function.head);
                        all.extend([function.body]);
                    }
                    Item::Other(trees) => all.extend(trees),
                }
            }
            assert_eq!(all.to_string(), block.body.stream().to_string(), "{code}");
        }
    }

    #[test]
    fn other_items_are_no_blocks() {
        for code in [
            "async fn f() -> impl Iterator<Item = u8> {}",
            "trait Api {}",
            "struct Api {}",
            "impl Api",
            "#[a] mod api {}",
            "",
        ] {
            assert!(block(code).is_none(), "{code}");
        }
        assert!(block("default impl Api {}").is_some());
    }
}
