//! Parsers of decimals and durations, exact to the nanosecond and rounded up.

use core::time::Duration;

use jiff::fmt::temporal::SpanParser;

/// Longest number that is parsed, in bytes. The longest known one has 20 digits.
const MAX_LEN: usize = 40;
/// Longest wait that is understood: about 31,700 years, so that the last HTTP-date still fits.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(1_000_000_000_000);

const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Number such as `12`, `0120` or `64.57`: no sign, no exponent, digits on both sides of the point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal<'a> {
    text: &'a [u8],
    whole: u64,
    /// Fraction in units of 1e-9, rounded up.
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

    /// Returns whether the number is exactly 1.
    pub(super) const fn is_one(self) -> bool {
        self.whole == 1 && self.billionths == 0
    }

    /// Returns the part before the point.
    pub(super) const fn whole(self) -> u64 {
        self.whole
    }

    /// Returns the nearest float.
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

    /// Returns the number times `unit` nanoseconds, rounded up.
    pub(super) fn nanos(self, unit: u64) -> u128 {
        let [whole, part] =
            [self.whole, self.billionths].map(|count| u128::from(count) * u128::from(unit));
        if part == 0 {
            whole
        } else {
            whole + part.div_ceil(NANOS_PER_SECOND.into())
        }
    }

    /// Returns a wait of this many seconds.
    pub(super) fn seconds(self) -> Option<Duration> {
        wait(self.nanos(NANOS_PER_SECOND))
    }

    /// Returns a wait of this many milliseconds.
    pub(super) fn millis(self) -> Option<Duration> {
        wait(self.nanos(NANOS_PER_MILLI))
    }
}

/// Parses a duration as Go prints it, such as `6m0s`, `1h23m31s`, `2m52.8s` or `20ms`; also with days, as in `1d2h`.
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

/// Parses a duration of ISO 8601, such as `PT1M30S`.
pub(super) fn iso_duration(text: &[u8]) -> Option<Duration> {
    static PARSER: SpanParser = SpanParser::new();

    if text.first() != Some(&b'P') || text.len() > MAX_LEN {
        return None;
    }
    let duration = PARSER.parse_duration(text).ok()?;
    wait(u128::try_from(duration.as_nanos()).ok()?)
}

/// Returns a wait of this many seconds. `None` if it is negative or longer than [`MAX_WAIT`].
pub(super) fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|wait| *wait <= MAX_WAIT)
}

/// Returns a wait of this many nanoseconds, rounded up to milliseconds. `None` if it is longer than [`MAX_WAIT`].
pub(super) fn wait(nanos: u128) -> Option<Duration> {
    // Arithmetic on 64 bits is much faster, and reaches 584 years.
    let millis = match u64::try_from(nanos) {
        Ok(nanos) => nanos.div_ceil(NANOS_PER_MILLI),
        Err(_) => u64::try_from(nanos.div_ceil(NANOS_PER_MILLI.into())).ok()?,
    };
    Some(Duration::from_millis(millis)).filter(|wait| *wait <= MAX_WAIT)
}

/// Parses `1*DIGIT` (RFC 5234). `None` if the number does not fit 64 bits.
pub(super) fn integer(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, byte| match byte {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// Returns the digits after a point in units of 1e-9, rounded up.
fn billionths(digits: &[u8]) -> Option<u64> {
    let (kept, rest) = digits.split_at(digits.len().min(9));
    let value = integer(kept)? * 10_u64.pow(9 - u32::try_from(kept.len()).ok()?);
    if !rest.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value + u64::from(rest.iter().any(|&byte| byte != b'0')))
}

/// Returns the nanoseconds of a unit of time. The micro sign occurs in three encodings.
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
