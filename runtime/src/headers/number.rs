//! Plain decimals and durations, exact to the nanosecond, rounded up where something is left over.

use core::time::Duration;

/// Longest number looked at, in bytes. The longest real one has 20 digits.
const MAX_LEN: usize = 40;
/// Longest wait taken seriously: about 31,700 years, so that the last HTTP-date still fits.
const MAX_WAIT: Duration = Duration::from_secs(1_000_000_000_000);

const NANOS_PER_MILLI: u128 = 1_000_000;
const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// A number written as `12`, `0120` or `64.57`: no sign, no exponent, digits on both sides of the point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal<'a> {
    text: &'a str,
    whole: u64,
    /// The value in thousand-millionths, rounded up.
    billionths: u128,
}

impl<'a> Decimal<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        if text.len() > MAX_LEN {
            return None;
        }
        let (digits, fraction) = match text.iter().position(|&byte| byte == b'.') {
            Some(point) => (&text[..point], Some(&text[point + 1..])),
            None => (text, None),
        };
        let whole = integer(digits)?;
        let part = fraction.map_or(Some(0), billionths)?;
        Some(Self {
            text: core::str::from_utf8(text).ok()?,
            whole,
            billionths: u128::from(whole) * NANOS_PER_SECOND + u128::from(part),
        })
    }

    /// The part before the point.
    pub(super) const fn whole(self) -> u64 {
        self.whole
    }

    pub(super) const fn is_one(self) -> bool {
        self.billionths == NANOS_PER_SECOND
    }

    /// The nearest float.
    pub(super) fn to_f64(self) -> Option<f64> {
        self.text.parse().ok()
    }

    /// The value in nanoseconds if one of it is `unit` nanoseconds, rounded up.
    pub(super) const fn nanos(self, unit: u64) -> Option<u128> {
        match self.billionths.checked_mul(unit as u128) {
            Some(product) => Some(product.div_ceil(NANOS_PER_SECOND)),
            None => None,
        }
    }

    /// A wait of this many seconds.
    pub(super) fn seconds(self) -> Option<Duration> {
        wait(self.billionths)
    }

    /// A wait of this many milliseconds.
    pub(super) fn millis(self) -> Option<Duration> {
        wait(self.billionths.div_ceil(1000))
    }
}

/// A duration as Go prints one, such as `6m0s`, `1h23m31s`, `2m52.8s` or `20ms`; also days, as in `1d2h`.
///
/// Source: the `ParseDuration` function of Go's package `time`. `OpenAI` and Groq send these.
pub(super) fn go_duration(text: &[u8]) -> Option<Duration> {
    if text.is_empty() || text.len() > MAX_LEN {
        return None;
    }
    let mut rest = text;
    let mut total = 0_u128;
    while !rest.is_empty() {
        let digits = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'.'))?;
        let number = Decimal::parse(&rest[..digits])?;
        rest = &rest[digits..];
        let letters = rest
            .iter()
            .position(u8::is_ascii_digit)
            .unwrap_or(rest.len());
        total = total.checked_add(number.nanos(unit(&rest[..letters])?)?)?;
        rest = &rest[letters..];
    }
    wait(total)
}

/// So many seconds as a wait. `None` if it is negative or absurdly long.
pub(super) fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|wait| *wait <= MAX_WAIT)
}

/// So many nanoseconds as a wait in whole milliseconds, rounded up. `None` if it is absurdly long.
pub(super) fn wait(nanos: u128) -> Option<Duration> {
    let millis = u64::try_from(nanos.div_ceil(NANOS_PER_MILLI)).ok()?;
    Some(Duration::from_millis(millis)).filter(|wait| *wait <= MAX_WAIT)
}

/// `1*DIGIT`, as far as it fits.
pub(super) fn integer(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, byte| match byte {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// The digits after a point in thousand-millionths, rounded up.
fn billionths(digits: &[u8]) -> Option<u64> {
    let (kept, rest) = digits.split_at(digits.len().min(9));
    let value = integer(kept)? * 10_u64.pow(9 - u32::try_from(kept.len()).ok()?);
    if !rest.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value + u64::from(rest.iter().any(|&byte| byte != b'0')))
}

/// The nanoseconds of a unit of time. The micro sign occurs in three encodings.
const fn unit(letters: &[u8]) -> Option<u64> {
    match letters {
        b"ns" => Some(1),
        b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" | b"\xB5s" => Some(1_000),
        b"ms" => Some(1_000_000),
        b"s" => Some(1_000_000_000),
        b"m" => Some(60_000_000_000),
        b"h" => Some(3_600_000_000_000),
        b"d" => Some(86_400_000_000_000),
        _ => None,
    }
}
