//! Names of options and words of values: examples of them, and the sentences about unknown ones.

use crate::guesses::{GUESSES, Guesses, OPTIONS, OptionTable, WORDS, Words};
use crate::parts;
use crate::sentences;

/// Place of an option: each has its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Attribute,
    Backoff,
    Headers,
    /// Inside `max_concurrency(..)`.
    Concurrency,
    /// Inside `limits(..)`, where any name is that of a unit.
    Limits,
    /// Inside of a limit of `limits(..)`.
    Row,
    /// Inside `cost(..)`, where any name is that of a unit.
    Cost,
    /// Inside `settle(..)`, where any name is that of a unit.
    Settle,
}

/// Words of `jitter`, and the runtime's names of them.
pub(crate) const JITTERS: [(&str, &str); 5] = [
    ("additive", "Additive"),
    ("full", "Full"),
    ("equal", "Equal"),
    ("decorrelated", "Decorrelated"),
    ("none", "None"),
];

/// Words of `headers(reset = ..)`, and the runtime's names of them.
pub(crate) const RESETS: [(&str, &str); 5] = [
    ("guess", "Guess"),
    ("seconds", "Seconds"),
    ("millis", "Millis"),
    ("epoch_seconds", "EpochSeconds"),
    ("epoch_millis", "EpochMillis"),
];

/// Words of `on_store_error`, and the runtime's names of them.
pub(crate) const POLICIES: [(&str, &str); 3] =
    [("local", "Local"), ("open", "Open"), ("closed", "Closed")];

/// Word of `window`, and the method of the runtime's settings.
pub(crate) const WINDOWS: [(&str, &str); 1] = [("strict", "strict")];

/// Words of `mode` and of `start`, and the methods of the runtime's settings.
/// `"on"` is the older word for `"enforce"`.
pub(crate) const MODES: [(&str, &str); 4] = [
    ("enforce", "enforce"),
    ("observe", "observe"),
    ("off", "off"),
    ("on", "enforce"),
];
pub(crate) const STARTS: [(&str, &str); 2] = [("full", "start_full"), ("empty", "start_empty")];

impl Scope {
    const ALL: [Self; 8] = [
        Self::Attribute,
        Self::Backoff,
        Self::Headers,
        Self::Concurrency,
        Self::Limits,
        Self::Row,
        Self::Cost,
        Self::Settle,
    ];

    /// Returns the scope inside the parentheses of an option that has some.
    pub(crate) fn inside(self, option: &str) -> Option<Self> {
        match (self, option) {
            (Self::Attribute, "backoff") => Some(Self::Backoff),
            (Self::Attribute, "headers") => Some(Self::Headers),
            (Self::Attribute, "max_concurrency") => Some(Self::Concurrency),
            (Self::Attribute, "limits") => Some(Self::Limits),
            (Self::Attribute, "cost") => Some(Self::Cost),
            (Self::Attribute, "settle") => Some(Self::Settle),
            (Self::Limits, _) => Some(Self::Row),
            _ => None,
        }
    }

    /// Returns an example of a value, where the names are those of units.
    fn value_of_a_unit(self) -> Option<&'static str> {
        match self {
            Self::Limits => Some("\"30000/min\""),
            Self::Cost => Some("prompt.len()"),
            Self::Settle => Some("|reply| reply.tokens"),
            _ => None,
        }
    }
}

/// Returns the example of the most usual option.
pub(crate) fn first_example(scope: Scope) -> &'static str {
    let (options, _) = tables(scope);
    options[0].1
}

/// Returns the example of the option `name`, if there is such an option.
fn example(scope: Scope, name: &str) -> Option<&'static str> {
    let (options, _) = tables(scope);
    let (_, example) = options.iter().find(|(option, _)| *option == name)?;
    Some(example)
}

/// Returns the example of what can be written by the name `name`: an option, or a unit.
pub(crate) fn example_in(scope: Scope, name: &str) -> Option<String> {
    match scope.value_of_a_unit() {
        Some(value) if !is_guess(scope, name) => Some(format!("{name} = {value}")),
        Some(_) => None,
        None => example(scope, name).map(str::to_owned),
    }
}

fn is_guess(scope: Scope, name: &str) -> bool {
    let (_, guesses) = tables(scope);
    guesses.iter().any(|(names, _)| names.contains(&name))
}

/// Returns the example of the option `name`, which exists in one of the scopes.
pub(crate) fn example_of(name: &str) -> &'static str {
    let mut scopes = Scope::ALL.into_iter();
    scopes
        .find_map(|scope| example(scope, name))
        .unwrap_or_default()
}

/// Returns the sentence about `name`, which is no option.
pub(crate) fn unknown(scope: Scope, name: &str) -> String {
    let (options, guesses) = tables(scope);
    let guess = guesses.iter().find(|(names, _)| names.contains(&name));
    let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
    let near = nearest(name, &names).or_else(|| nearest(name, &parts::BLOCK_WORDS));
    let advice = match (guess, near) {
        (Some((_, sentence)), _) => (*sentence).to_owned(),
        (None, Some(right)) => sentences::did_you_mean(right),
        (None, None) => format!("the options are {}", list(&names)),
    };
    let kind = match scope {
        Scope::Limits => "unit",
        _ => "option",
    };
    sentences::no_such(kind, name, advice)
}

/// Returns the sentence about `word`, which is none of the `words` that `option` takes.
pub(crate) fn unknown_word(option: &str, word: &str, words: &[&str]) -> String {
    let table = words_of(option);
    let guess = table.and_then(|table| {
        let (_, right) = table
            .guesses
            .iter()
            .find(|(tried, _)| tried.contains(&word))?;
        Some(*right)
    });
    let advice = match guess.or_else(|| nearest(word, words)) {
        Some(right) => format!("did you mean \"{right}\"?"),
        None => advice(option, words),
    };
    format!("`{option}` cannot be \"{word}\": {advice}")
}

/// Returns the advice about an option that takes one of several words.
pub(crate) fn advice(option: &str, words: &[&str]) -> String {
    if let Some(table) = words_of(option) {
        return table.advice.to_owned();
    }
    let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("write one of {}", quoted.join(", "))
}

fn words_of(option: &str) -> Option<&'static Words> {
    WORDS.iter().find(|table| table.option == option)
}

/// Returns the options and the guesses of one scope.
fn tables(scope: Scope) -> (OptionTable, Guesses) {
    match scope {
        Scope::Attribute => (OPTIONS, GUESSES),
        Scope::Backoff => (parts::BACKOFF_OPTIONS, parts::BACKOFF_GUESSES),
        Scope::Headers => (parts::HEADERS_OPTIONS, parts::HEADERS_GUESSES),
        Scope::Concurrency => (parts::CONCURRENCY_OPTIONS, parts::CONCURRENCY_GUESSES),
        Scope::Limits => (parts::LIMITS_OPTIONS, parts::LIMITS_GUESSES),
        Scope::Row => (parts::ROW_OPTIONS, parts::ROW_GUESSES),
        Scope::Cost => (parts::COST_OPTIONS, &[]),
        Scope::Settle => (parts::SETTLE_OPTIONS, &[]),
    }
}

/// Returns the list `` `a`, `b`, `c` ``.
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Returns the name that differs least from `word`, if it differs by one letter, or in long names by two.
pub(crate) fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    names
        .iter()
        .map(|name| (distance(&word.to_lowercase(), name), *name))
        .filter(|(distance, name)| *distance <= if name.len() < 5 { 1 } else { 2 })
        .min()
        .map(|(_, name)| name)
}

/// Counts the letters to add, drop, change or swap with the next, so that one word becomes the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for (at, letter) in from.iter().enumerate() {
        let mut row = vec![at + 1];
        for (column, other) in to.iter().enumerate() {
            let changed = rows[at][column] + usize::from(letter != other);
            let mut best = changed.min(rows[at][column + 1] + 1).min(row[column] + 1);
            let swapped =
                at > 0 && column > 0 && from[at - 1] == *other && *letter == to[column - 1];
            if swapped {
                best = best.min(rows[at - 1][column - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_option() {
        let cases = [
            ("rat", "rate"),
            ("rtae", "rate"),
            ("Rate", "rate"),
            ("brust", "burst"),
            ("max_retires", "max_retries"),
            ("back_off", "backoff"),
            ("dead_line", "deadline"),
            ("attempt_timout", "attempt_timeout"),
            ("retryon", "retry_on"),
            ("idempotant", "idempotent"),
            ("limitter", "limiter"),
        ];
        for (word, right) in cases {
            let message = unknown(Scope::Attribute, word);
            assert!(
                message.contains(&format!("did you mean `{right}`?")),
                "{message}"
            );
        }
    }

    #[test]
    fn far_words_list_all_options() {
        let message = unknown(Scope::Backoff, "colour");
        assert!(
            message.ends_with("the options are `base`, `factor`, `max`, `jitter`"),
            "{message}"
        );
    }

    #[test]
    fn guesses_say_what_to_write() {
        for (scope, name, part) in [
            (Scope::Attribute, "limit", "write `rate = 5`"),
            (Scope::Attribute, "rps", "write `rate = 5`"),
            (Scope::Attribute, "per_second", "write `rate = 5`"),
            (
                Scope::Attribute,
                "max_attempts",
                "for 6 attempts write `max_retries = 5`",
            ),
            (Scope::Attribute, "retries", "write `max_retries = 5`"),
            (
                Scope::Attribute,
                "timeout",
                "write `deadline = \"300s\"` for the whole call",
            ),
            (Scope::Attribute, "delay", "write `backoff(base = \"1s\")`"),
            (
                Scope::Attribute,
                "jitter",
                "write `backoff(jitter = \"full\")`",
            ),
            (Scope::Attribute, "cooldown", "leave it out"),
            (Scope::Attribute, "per_key", "write `key = tenant`"),
            (Scope::Row, "per_key", "write `key = tenant`"),
            (
                Scope::Attribute,
                "redis_url",
                "write `store = \"sqlite:quota.db\"`",
            ),
            (
                Scope::Attribute,
                "fallback",
                "write `on_store_error = \"local\"`",
            ),
            (Scope::Backoff, "multiplier", "write `factor = 2`"),
            (Scope::Attribute, "shadow", "write `mode = \"observe\"`"),
            (Scope::Headers, "unit", "write `reset = \"millis\"`"),
        ] {
            let message = unknown(scope, name);
            assert!(message.contains(part), "{name}: {message}");
        }
    }

    #[test]
    fn a_guess_is_never_an_option_and_stands_once() {
        for scope in Scope::ALL {
            let (_, guesses) = tables(scope);
            let mut seen = Vec::new();
            for name in guesses.iter().flat_map(|(names, _)| *names) {
                assert!(!seen.contains(name), "{name} stands twice");
                assert_eq!(example(scope, name), None, "{name} is an option");
                seen.push(*name);
            }
        }
    }

    #[test]
    fn words_that_people_try() {
        let words = ["local", "open", "closed"];
        for (word, part) in [
            ("fallback", "did you mean \"local\"?"),
            ("fail_open", "did you mean \"open\"?"),
            ("reject", "did you mean \"closed\"?"),
            ("closd", "did you mean \"closed\"?"),
            ("Open", "did you mean \"open\"?"),
            ("whatever", "write \"local\" to go on in process"),
        ] {
            let message = unknown_word("on_store_error", word, &words);
            assert!(message.contains(part), "{word}: {message}");
        }
        assert_eq!(
            unknown_word("jitter", "half", &["full", "none"]),
            "`jitter` cannot be \"half\": write one of \"full\", \"none\""
        );
    }

    #[test]
    fn distances() {
        for (from, to, steps) in [
            ("", "ab", 2),
            ("rate", "rate", 0),
            ("rat", "rate", 1),
            ("kitten", "sitting", 3),
            ("bsae", "base", 1),
        ] {
            assert_eq!(distance(from, to), steps, "{from} -> {to}");
        }
    }
}
