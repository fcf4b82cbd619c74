//! `Retry-After` and the fields like it.

/// How the value of such a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Seconds, or a date.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Seconds, an epoch, a duration with units, or a date: vendors differ under one name.
    Guess,
}

/// The rank of a field and how its value is written. The field of the smallest rank whose value
/// can be understood is the one that counts.
pub(super) fn named(name: &str) -> Option<(u8, Form)> {
    Some(match name {
        "retry-after-ms" => (0, Form::Millis),
        "x-ms-retry-after-ms" => (1, Form::Millis),
        "retry-after" => (2, Form::Seconds),
        // Traefik's own, exact where its `Retry-After` is rounded to the nearest second.
        "x-retry-in" => (2, Form::Guess),
        "x-amz-retry-after" => (3, Form::Millis),
        // The first is what tower_governor and actix-governor send.
        "x-ratelimit-after" | "retry-after-seconds" => (4, Form::Seconds),
        _ => {
            let ending = |(ending, _): &(&str, Form)| name.ends_with(ending);
            let (_, form) = ENDINGS.into_iter().find(ending)?;
            (4, form)
        }
    })
}

const ENDINGS: [(&str, Form); 5] = [
    ("-retry-after", Form::Guess),
    ("-retry-after-seconds", Form::Seconds),
    ("-retry-after-milliseconds", Form::Millis),
    ("-retry-after-ms", Form::Millis),
    ("-retryafter", Form::Guess),
];
