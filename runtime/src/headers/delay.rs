//! `Retry-After` and the fields like it.

/// How the value of such a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Seconds, or a date.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Seconds, an epoch, or a date: vendors differ under one name.
    Guess,
}

/// In the order of precedence; the first that can be understood counts.
const NAMES: &[(&str, Form)] = &[
    ("retry-after-ms", Form::Millis),
    ("x-ms-retry-after-ms", Form::Millis),
    ("retry-after", Form::Seconds),
    ("x-amz-retry-after", Form::Millis),
];
/// After those: names of vendors that nobody told us of.
const ENDINGS: &[(&str, Form)] = &[
    ("-retry-after-ms", Form::Millis),
    ("-retry-after-milliseconds", Form::Millis),
    ("-retry-after-seconds", Form::Seconds),
    ("-retry-after", Form::Guess),
];

/// The rank of a field (smaller counts more) and how its value is written.
pub(super) fn named(name: &str) -> Option<(usize, Form)> {
    if let Some(rank) = NAMES.iter().position(|(known, _)| *known == name) {
        return Some((rank, NAMES[rank].1));
    }
    let (_, form) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending))?;
    Some((NAMES.len(), *form))
}
