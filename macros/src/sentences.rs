//! Sentences that more than one place says, each worded once. Those about bounds are in `grammar` and `store_url`.

use std::fmt::Display;

pub(crate) const TOO_MANY_KEYS: &str = "`max_keys` is at most 4294967295";

pub(crate) fn needs_value(name: impl Display, example: &str) -> String {
    format!("`{name}` needs a value: write `{example}`")
}

pub(crate) fn takes_no_value(name: impl Display) -> String {
    format!("`{name}` takes no value: write just `{name}`")
}

pub(crate) fn written_twice(what: impl Display) -> String {
    format!("`{what}` is written twice: remove one of them")
}

pub(crate) fn in_quotes(code: impl Display) -> String {
    format!("write it in quotes: `{code}`")
}

pub(crate) fn without_quotes(code: impl Display) -> String {
    format!("write `{code}`, without quotes")
}

/// A word that is none of its kind, like "option" or "failure", and the advice about it.
pub(crate) fn no_such(kind: &str, word: impl Display, advice: impl Display) -> String {
    format!("there is no {kind} `{word}`: {advice}")
}

pub(crate) fn did_you_mean(right: impl Display) -> String {
    format!("did you mean `{right}`?")
}

/// An option that sets what a limiter from elsewhere has already.
pub(crate) fn limiter_has(option: impl Display) -> String {
    format!(
        "the limiter has its own {option}: remove `{option}` here, or let functions share a limiter by its name, \
         `limiter = \"github\"`"
    )
}

/// Parentheses without the word that they are for.
pub(crate) const NO_AUTO: &str = "write `max_concurrency = 8`, or `max_concurrency(auto, start = 8, max = 200)` to find the bound by the server's refusals";

/// A status that a retry does not change.
pub(crate) fn same_next_time(status: u16, advice: &str) -> String {
    format!("a retry does not change a {status}{advice} decide with `classify = my_verdict`")
}
