//! Durations and times of day in words.

use std::time::Duration;

use paced::store::Ticks;

/// `350 ms`, `3.2 s`, `4 min 5 s`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn lasting(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |first: u64, unit: &str, second: u64, smaller: &str| {
        if second == 0 {
            format!("{first} {unit}")
        } else {
            format!("{first} {unit} {second} {smaller}")
        }
    };
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// The time of day of an instant: `14:03:22 UTC`.
pub(crate) fn time_of_day(instant: Ticks) -> String {
    let seconds = instant / Ticks::SECOND % 86_400;
    let (hour, minute) = (seconds / 3600, seconds % 3600 / 60);
    format!("{hour:02}:{minute:02}:{:02} UTC", seconds % 60)
}

/// Digits of the hash that a store knows a key by.
const DIGITS: usize = 32;

/// Digits that tell the keys of a table apart.
const SHOWN: usize = 8;

/// The name of a limiter, and what follows it where it is the limiter of a key: `crm` and `key cb04295c`. A store knows no
/// key, but a hash of it.
pub(crate) fn parted(name: &str) -> (&str, Option<String>) {
    let (limiter, resource) = name.split_once('#').unwrap_or((name, ""));
    let Some((keyed, digits)) = limiter.rsplit_once(':') else {
        return (name, None);
    };
    let is_hash = digits.len() == DIGITS && digits.bytes().all(|it| it.is_ascii_hexdigit());
    if !is_hash || keyed.is_empty() {
        return (name, None);
    }
    let mark = if resource.is_empty() { "" } else { "#" };
    let key = format!("key {}{mark}{resource}", &digits[..SHOWN]);
    (keyed, Some(key))
}
