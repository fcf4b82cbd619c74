//! Names and forms of `Retry-After` and similar fields.

/// Form of the value of such a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Seconds, or a date.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Seconds, an epoch, a duration with units, or a date, since vendors use one name for different forms.
    Guess,
}

/// Returns the rank of a field and the form of its value. Of several fields, the one with the smallest rank counts
/// whose value can be parsed.
pub(super) fn named(name: &str) -> Option<(u8, Form)> {
    Some(match name {
        "retry-after-ms" => (0, Form::Millis),
        "x-ms-retry-after-ms" => (1, Form::Millis),
        "retry-after" => (2, Form::Seconds),
        // Traefik's. It is exact, and its `Retry-After` is rounded to the nearest second.
        "x-retry-in" => (2, Form::Guess),
        "x-amz-retry-after" => (3, Form::Millis),
        // `x-ratelimit-after` is that of tower_governor and actix-governor.
        "x-ratelimit-after" | "retry-after-seconds" => (4, Form::Seconds),
        _ => {
            let ending = |(ending, _): &(&str, Form)| name.ends_with(ending);
            let (_, form) = ENDINGS.into_iter().find(ending)?;
            (4, form)
        }
    })
}

/// Ends of vendors' names, and the form of the value.
const ENDINGS: [(&str, Form); 5] = [
    ("-retry-after", Form::Guess),
    ("-retry-after-seconds", Form::Seconds),
    ("-retry-after-milliseconds", Form::Millis),
    ("-retry-after-ms", Form::Millis),
    ("-retryafter", Form::Guess),
];
