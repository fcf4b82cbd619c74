//! Plain decimals and durations, exact to the nanosecond, rounded up where something is left over.

use core::time::Duration;

use jiff::fmt::temporal::SpanParser;

/// Longest number looked at, in bytes. The longest real one has 20 digits.
const MAX_LEN: usize = 40;
/// Longest wait taken seriously: about 31,700 years, so that the last HTTP-date still fits.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(1_000_000_000_000);

const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A number written as `12`, `0120` or `64.57`: no sign, no exponent, digits on both sides of the point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal<'a> {
    text: &'a [u8],
    whole: u64,
    /// The rest in thousand-millionths, rounded up.
    billionths: u64,
}

impl<'a> Decimal<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        if text.len() > MAX_LEN {
            return None;
        }
        let point = text.iter().position(|&byte| byte == b'.');
        let (digits, fraction) = text.split_at(point.unwrap_or(text.len()));
        let billionths = match fraction {
            [] => 0,
            [_, fraction @ ..] => billionths(fraction)?,
        };
        Some(Self {
            text,
            whole: integer(digits)?,
            billionths,
        })
    }

    /// Whether it is exactly 1.
    pub(super) const fn is_one(self) -> bool {
        self.whole == 1 && self.billionths == 0
    }

    /// The part before the point.
    pub(super) const fn whole(self) -> u64 {
        self.whole
    }

    /// The nearest float.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest float is what is wanted"
    )]
    pub(super) fn to_f64(self) -> Option<f64> {
        if self.billionths == 0 {
            return Some(self.whole as f64);
        }
        core::str::from_utf8(self.text).ok()?.parse().ok()
    }

    /// The value in nanoseconds if one of it is `unit` nanoseconds, rounded up.
    pub(super) fn nanos(self, unit: u64) -> u128 {
        let [whole, part] =
            [self.whole, self.billionths].map(|count| u128::from(count) * u128::from(unit));
        if part == 0 {
            whole
        } else {
            whole + part.div_ceil(NANOS_PER_SECOND.into())
        }
    }

    /// A wait of this many seconds.
    pub(super) fn seconds(self) -> Option<Duration> {
        wait(self.nanos(NANOS_PER_SECOND))
    }

    /// A wait of this many milliseconds.
    pub(super) fn millis(self) -> Option<Duration> {
        wait(self.nanos(NANOS_PER_MILLI))
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
        total = total.checked_add(number.nanos(unit(&rest[..letters])?))?;
        rest = &rest[letters..];
    }
    wait(total)
}

/// A duration as ISO 8601 writes it, such as `PT1M30S`.
pub(super) fn iso_duration(text: &[u8]) -> Option<Duration> {
    static PARSER: SpanParser = SpanParser::new();

    if text.first() != Some(&b'P') || text.len() > MAX_LEN {
        return None;
    }
    let duration = PARSER.parse_duration(text).ok()?;
    wait(u128::try_from(duration.as_nanos()).ok()?)
}

/// So many seconds as a wait. `None` if it is negative or absurdly long.
pub(super) fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|wait| *wait <= MAX_WAIT)
}

/// So many nanoseconds as a wait in whole milliseconds, rounded up. `None` if it is absurdly long.
pub(super) fn wait(nanos: u128) -> Option<Duration> {
    // The first is much faster, and far enough for 584 years.
    let millis = match u64::try_from(nanos) {
        Ok(nanos) => nanos.div_ceil(NANOS_PER_MILLI),
        Err(_) => u64::try_from(nanos.div_ceil(NANOS_PER_MILLI.into())).ok()?,
    };
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
