//! The names of the options, and what to say about names that are none.

use crate::guesses::{BACKOFF_GUESSES, BACKOFF_OPTIONS, GUESSES, Guesses, OPTIONS, Options};
use crate::guesses::{HEADERS_GUESSES, HEADERS_OPTIONS};

/// Place of an option: each has its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Attribute,
    Backoff,
    Headers,
}

/// How jitter is written, and what the runtime calls it.
pub(crate) const JITTERS: [(&str, &str); 5] = [
    ("additive", "Additive"),
    ("full", "Full"),
    ("equal", "Equal"),
    ("decorrelated", "Decorrelated"),
    ("none", "None"),
];

/// How the unit of a reset is written, and what the runtime calls it.
pub(crate) const RESETS: [(&str, &str); 5] = [
    ("guess", "Guess"),
    ("seconds", "Seconds"),
    ("millis", "Millis"),
    ("epoch_seconds", "EpochSeconds"),
    ("epoch_millis", "EpochMillis"),
];

/// How modes are written, and the methods of the runtime's settings.
pub(crate) const MODES: [(&str, &str); 2] = [("on", "on"), ("off", "off")];
pub(crate) const STARTS: [(&str, &str); 2] = [("full", "start_full"), ("empty", "start_empty")];

impl Scope {
    const ALL: [Self; 3] = [Self::Attribute, Self::Backoff, Self::Headers];

    /// The scope inside the parentheses of an option that has some.
    pub(crate) fn inside(option: &str) -> Option<Self> {
        match option {
            "backoff" => Some(Self::Backoff),
            "headers" => Some(Self::Headers),
            _ => None,
        }
    }
}

/// How to write the most usual option.
pub(crate) fn first_example(scope: Scope) -> &'static str {
    let (options, _) = tables(scope);
    options[0].1
}

/// How to write the option `name`, if there is such an option.
pub(crate) fn example(scope: Scope, name: &str) -> Option<&'static str> {
    let (options, _) = tables(scope);
    let (_, example) = options.iter().find(|(option, _)| *option == name)?;
    Some(example)
}

/// How to write the option `name`, which exists in one of the scopes.
pub(crate) fn example_of(name: &str) -> &'static str {
    let mut scopes = Scope::ALL.into_iter();
    scopes
        .find_map(|scope| example(scope, name))
        .unwrap_or_default()
}

/// What to say about `name`, which is no option.
pub(crate) fn unknown(scope: Scope, name: &str) -> String {
    let (options, guesses) = tables(scope);
    let guess = guesses.iter().find(|(names, _)| names.contains(&name));
    if let Some((_, sentence)) = guess {
        return format!("there is no option `{name}`: {sentence}");
    }
    let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
    match nearest(name, &names) {
        Some(right) => format!("there is no option `{name}`: did you mean `{right}`?"),
        None => format!(
            "there is no option `{name}`: the options are {}",
            list(&names)
        ),
    }
}

/// The options and the guesses of one scope.
fn tables(scope: Scope) -> (Options, Guesses) {
    match scope {
        Scope::Attribute => (OPTIONS, GUESSES),
        Scope::Backoff => (BACKOFF_OPTIONS, BACKOFF_GUESSES),
        Scope::Headers => (HEADERS_OPTIONS, HEADERS_GUESSES),
    }
}

/// `` `a`, `b`, `c` ``
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The name that `word` is most likely a slip of.
pub(crate) fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    names
        .iter()
        .map(|name| (distance(&word.to_lowercase(), name), *name))
        .filter(|(distance, name)| *distance <= if name.len() < 5 { 1 } else { 2 })
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be added, dropped, changed or swapped with the next to turn one word into the other.
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
