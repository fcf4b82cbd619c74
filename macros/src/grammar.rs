//! The grammar of rates and durations as text.
//!
//! `paced` and `paced-macros` have the same file, byte for byte. So a literal, a constant and a text at run time have
//! the same meaning and the same error sentences.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number that is off by one part in 2^53 is the same; the ends of each range are checked before"
)]

const SECOND: u64 = 1_000_000_000;

/// Nanoseconds in 30 days. A rate below one call in this time is refused as a mistake in the unit.
const LONGEST_PERIOD: f64 = 30.0 * 86_400e9;

/// Maximum nanoseconds of a duration, slightly below `u64::MAX`.
const LONGEST: f64 = 1.8e19;

/// Nanoseconds in each unit, and the names of the unit.
const UNITS: [(u64, &[&str]); 6] = [
    (1_000, &["us"]),
    (1_000_000, &["ms"]),
    (SECOND, &["s", "sec", "secs", "second", "seconds"]),
    (60 * SECOND, &["m", "min", "mins", "minute", "minutes"]),
    (3600 * SECOND, &["h", "hr", "hrs", "hour", "hours"]),
    (86_400 * SECOND, &["d", "day", "days"]),
];

pub(crate) const TOO_MANY: &str = "`burst` and `max_retries` are at most 4294967295";
pub(crate) const NO_KEYS: &str =
    "`max_keys` must be at least 1: there would be room for no key at all";
pub(crate) const NO_SLOTS: &str =
    "`max_concurrency` must be at least 1: nothing would ever be let through";
pub(crate) const NO_BURST: &str = "the burst must be at least 1: nothing would ever be let through";
pub(crate) const STRICT_BURST: &str = "a burst in a strict window is less than the window's count: leave `burst` out to let all of it go at once";
pub(crate) const SPLIT_TOKEN: &str = "a strict window holds a whole number of calls: write the rate like \"3/2s\" instead of \"1.5/s\"";
pub(crate) const STRICT_IN_A_STORE: &str =
    "a strict window in a store needs a burst that is less than its count: write `burst = 1` too";
pub(crate) const NO_SHARE: &str = "a share is a number from 0 to 1";
pub(crate) const NO_FACTOR: &str = "the factor must be a finite number of at least 1";

/// Returns whether a number is a share: from 0 to 1.
pub(crate) const fn is_share(number: f64) -> bool {
    number >= 0.0 && number <= 1.0
}

/// Returns whether a number is the factor of a backoff: finite and at least 1, so that delays do not get shorter.
pub(crate) const fn is_factor(number: f64) -> bool {
    number >= 1.0 && number.is_finite()
}

/// Mistake in a text or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    NoRate,
    NoCount,
    /// Nothing, or a number alone, stands after the slash.
    NoPeriod,
    InfiniteRate,
    ZeroRate,
    SlowRate,
    FastRate,
    NoDuration,
    NoNumber,
    MissingUnit,
    NoUnit,
    ZeroTime,
    LongTime,
}

impl Wrong {
    /// Returns the sentence: the mistake, and the text to write instead.
    ///
    /// For some mistakes it continues "`x` is ..", see [`Mistake::explain`].
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::NoRate => "not a rate: write one like \"300/min\", \"10/s\" or \"1/250ms\"",
            Self::NoCount => "not a number: write a rate like \"300/min\"",
            Self::NoPeriod => {
                "the unit after the `/` is missing: write a rate like \"300/min\" or \"1/250ms\""
            }
            Self::InfiniteRate => "the rate must be a finite number",
            Self::ZeroRate => "the rate must be more than zero: nothing would ever be let through",
            Self::SlowRate => "the rate is less than one call in 30 days: check its unit",
            Self::FastRate => "the rate is more than 1,000,000,000 calls per second",
            Self::NoDuration => {
                "not a duration: write a number and a unit, like \"300s\" or \"250ms\""
            }
            Self::NoNumber => "not a number: write a duration like \"1.5s\"",
            Self::MissingUnit => {
                "the unit is missing: write \"30s\" for seconds or \"250ms\" for milliseconds"
            }
            Self::NoUnit => "not a unit of time: write one of us, ms, s, min, h, d",
            Self::ZeroTime => "the time must be longer than zero",
            Self::LongTime => "the time is too long: 500 years is the most",
        }
    }

    /// Returns whether the sentence continues after the wrong part of the text: "`x` is not a rate".
    const fn is_about_a_part(self) -> bool {
        matches!(
            self,
            Self::NoRate | Self::NoCount | Self::NoDuration | Self::NoNumber | Self::NoUnit
        )
    }
}

/// Mistake in a text, and its range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) wrong: Wrong,
    from: usize,
    to: usize,
}

impl Mistake {
    /// Returns the sentence with the wrong part of `text`.
    pub(crate) fn explain(self, text: &str) -> String {
        let (part, sentence) = (text.get(self.from..self.to), self.wrong.sentence());
        match part {
            Some(part) if self.wrong.is_about_a_part() => format!("`{part}` is {sentence}"),
            _ => sentence.to_owned(),
        }
    }
}

/// `count` calls in every `nanos` nanoseconds; both are more than zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PerPeriod {
    pub(crate) count: f64,
    pub(crate) nanos: u64,
}

/// Parses `"300/min"`, `"1/250ms"`, or `"5"` for five calls per second.
pub(crate) const fn rate(text: &str) -> Result<PerPeriod, Mistake> {
    let bytes = text.as_bytes();
    let (from, to) = trim(bytes, 0, bytes.len());
    let mut slash = from;
    while slash < to && bytes[slash] != b'/' {
        slash += 1;
    }
    let (from, end) = trim(bytes, from, slash);
    let wrong = if slash == to {
        Wrong::NoRate
    } else {
        Wrong::NoCount
    };
    let Some(count) = number(bytes, from, end) else {
        let negative = from < end && bytes[from] == b'-';
        return mistake(if negative { Wrong::ZeroRate } else { wrong }, from, end);
    };
    let nanos = if slash == to {
        SECOND
    } else {
        match period(bytes, slash + 1, to) {
            Ok(nanos) => nanos,
            Err(mistake) => return Err(mistake),
        }
    };
    match interval(count, nanos as f64) {
        Ok(_) => Ok(PerPeriod { count, nanos }),
        Err(wrong) => mistake(wrong, from, to),
    }
}

/// Checks a number of calls per second.
pub(crate) const fn per_second(count: f64) -> Result<PerPeriod, Wrong> {
    match interval(count, SECOND as f64) {
        Ok(_) => Ok(PerPeriod {
            count,
            nanos: SECOND,
        }),
        Err(wrong) => Err(wrong),
    }
}

/// Returns the nanoseconds from one call to the next, rounded up, for `count` calls in every `period` nanoseconds.
pub(crate) const fn interval(count: f64, period: f64) -> Result<u64, Wrong> {
    if !count.is_finite() {
        return Err(Wrong::InfiniteRate);
    }
    if count <= 0.0 {
        return Err(Wrong::ZeroRate);
    }
    let nanos = period / count;
    if nanos > LONGEST_PERIOD {
        return Err(Wrong::SlowRate);
    }
    if nanos < 1.0 {
        return Err(Wrong::FastRate);
    }
    let floor = nanos as u64;
    Ok(if (floor as f64) < nanos {
        floor + 1
    } else {
        floor
    })
}

/// Parses `"250ms"`, `"1.5 s"` or `"1h30m"`, and returns nanoseconds.
pub(crate) const fn duration(text: &str) -> Result<u64, Mistake> {
    let bytes = text.as_bytes();
    let (from, to) = trim(bytes, 0, bytes.len());
    sum(bytes, from, to)
}

/// Parses the period after a rate's slash: `min`, `250ms` or `10 s`.
const fn period(bytes: &[u8], from: usize, to: usize) -> Result<u64, Mistake> {
    let (from, to) = trim(bytes, from, to);
    if from == to {
        return mistake(Wrong::NoPeriod, from, to);
    }
    if !is_of_number(bytes[from]) {
        return match unit(bytes, from, to) {
            Some(nanos) => Ok(nanos),
            None => mistake(Wrong::NoUnit, from, to),
        };
    }
    match sum(bytes, from, to) {
        Err(Mistake {
            wrong: Wrong::MissingUnit,
            from,
            to,
        }) => mistake(Wrong::NoPeriod, from, to),
        read => read,
    }
}

/// Parses a sum of numbers with units, and returns nanoseconds.
const fn sum(bytes: &[u8], from: usize, to: usize) -> Result<u64, Mistake> {
    if from == to || !is_of_number(bytes[from]) {
        return mistake(Wrong::NoDuration, from, to);
    }
    let (mut at, mut nanos) = (from, 0.0);
    while at < to {
        let start = at;
        while at < to && is_of_number(bytes[at]) {
            at += 1;
        }
        let Some(count) = number(bytes, start, at) else {
            return mistake(Wrong::NoNumber, start, at);
        };
        at = trim(bytes, at, to).0;
        let name = at;
        while at < to && !is_of_number(bytes[at]) && !bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        if name == at {
            return mistake(Wrong::MissingUnit, start, at);
        }
        let Some(unit) = unit(bytes, name, at) else {
            return mistake(Wrong::NoUnit, name, at);
        };
        nanos += count * unit as f64;
        at = trim(bytes, at, to).0;
        if at < to && !is_of_number(bytes[at]) {
            return mistake(Wrong::NoNumber, at, to);
        }
    }
    // To the nearest nanosecond.
    let nanos = nanos + 0.5;
    if nanos < 1.0 {
        return mistake(Wrong::ZeroTime, from, to);
    }
    if nanos.is_nan() || nanos >= LONGEST {
        return mistake(Wrong::LongTime, from, to);
    }
    Ok(nanos as u64)
}

/// Parses digits with at most one point, and with underscores after the first digit. Signs and exponents are refused.
pub(crate) const fn number(bytes: &[u8], from: usize, to: usize) -> Option<f64> {
    let (mut value, mut scale, mut decimals) = (0.0, 1.0, false);
    let mut at = from;
    while at < to {
        match bytes[at] {
            digit @ b'0'..=b'9' => {
                value = value * 10.0 + (digit - b'0') as f64;
                if decimals {
                    scale *= 10.0;
                }
            }
            b'.' if !decimals && at > from => decimals = true,
            b'_' if at > from => {}
            _ => return None,
        }
        at += 1;
    }
    if from == to {
        None
    } else {
        Some(value / scale)
    }
}

/// Returns the nanoseconds of the unit with the name in the range.
const fn unit(bytes: &[u8], from: usize, to: usize) -> Option<u64> {
    let mut row = 0;
    while row < UNITS.len() {
        let (nanos, names) = UNITS[row];
        let mut column = 0;
        while column < names.len() {
            if is_at(bytes, from, to, names[column].as_bytes()) {
                return Some(nanos);
            }
            column += 1;
        }
        row += 1;
    }
    None
}

const fn mistake<T: Copy>(wrong: Wrong, from: usize, to: usize) -> Result<T, Mistake> {
    Err(Mistake { wrong, from, to })
}

const fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'_' | b'-' | b'+')
}

/// Returns the range without spaces at its ends.
pub(crate) const fn trim(bytes: &[u8], mut from: usize, mut to: usize) -> (usize, usize) {
    while from < to && bytes[from].is_ascii_whitespace() {
        from += 1;
    }
    while from < to && bytes[to - 1].is_ascii_whitespace() {
        to -= 1;
    }
    (from, to)
}

/// Returns whether the range is equal to `text`.
pub(crate) const fn is_at(bytes: &[u8], from: usize, to: usize, text: &[u8]) -> bool {
    if to - from != text.len() {
        return false;
    }
    let mut at = 0;
    while at < text.len() {
        if bytes[from + at] != text[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
#[path = "grammar/tests.rs"]
mod tests;
