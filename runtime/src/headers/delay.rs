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

/// The rank of a field and how its value is written. The field of the smallest rank whose value
/// can be understood is the one that counts.
pub(super) fn named(name: &str) -> Option<(u8, Form)> {
    Some(match name {
        "retry-after-ms" => (0, Form::Millis),
        "x-ms-retry-after-ms" => (1, Form::Millis),
        "retry-after" => (2, Form::Seconds),
        "x-amz-retry-after" => (3, Form::Millis),
        _ if name.ends_with("-retry-after") => (4, Form::Guess),
        _ if name.ends_with("-retry-after-seconds") => (4, Form::Seconds),
        _ if name.ends_with("-retry-after-milliseconds") => (4, Form::Millis),
        _ if name.ends_with("-retry-after-ms") => (4, Form::Millis),
        _ => return None,
    })
}
