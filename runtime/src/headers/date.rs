//! Parsers of dates, in every form that servers send.
//!
//! The three forms of HTTP-date (RFC 9110, section 5.6.7) have fixed columns. The day of the week has to be a valid
//! name, but need not be that of the date. The zone has to be `GMT`, or `UTC` or `+0000`, which some servers send
//! instead.

use core::time::Duration;
use std::borrow::Cow;
use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::fmt::temporal::DateTimeParser;

use super::number;
use super::number::integer;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const UNIX_EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const DAYS: [&[u8]; 7] = [
    b"Monday",
    b"Tuesday",
    b"Wednesday",
    b"Thursday",
    b"Friday",
    b"Saturday",
    b"Sunday",
];

/// An instant in nanoseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UnixTime(i128);

impl UnixTime {
    pub(super) const fn from_nanos(nanos: i128) -> Self {
        Self(nanos)
    }

    /// Returns the time from `now` until the instant; zero if it has passed. `None` if it is longer than the longest
    /// wait that is understood.
    pub(super) fn after(self, now: Self) -> Option<Duration> {
        number::wait(u128::try_from(self.0 - now.0).unwrap_or(0))
    }

    /// Returns the instant of a date and a time in UTC. The second 60 is a leap second and counts as the second after
    /// it.
    fn new(date: (i16, i8, i8), time: (i8, i8, i8)) -> Option<Self> {
        let (hour, minute, second) = time;
        let leap = i8::from(second == 60);
        let civil = DateTime::new(date.0, date.1, date.2, hour, minute, second - leap, 0).ok()?;
        Some(Self(
            since_epoch(civil) + i128::from(leap) * NANOS_PER_SECOND,
        ))
    }
}

impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> Self {
        let nanos = |span: Duration| i128::try_from(span.as_nanos()).unwrap_or(i128::MAX / 4);
        Self(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => nanos(since),
            Err(before) => -nanos(before.duration()),
        })
    }
}

/// Parses `Mon, 23 Nov 2026 12:00:30 +0000`, the form of mails (RFC 2822), which some fields other than `Retry-After`
/// have.
pub(super) fn rfc2822(text: &[u8]) -> Option<UnixTime> {
    static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new();

    let timestamp = PARSER
        .parse_timestamp(text.get(..40).unwrap_or(text))
        .ok()?;
    Some(UnixTime(timestamp.as_nanosecond()))
}

/// Parses a date in any form but that of mails.
pub(super) fn any(text: &[u8], now: UnixTime) -> Option<UnixTime> {
    match text.first()? {
        b'0'..=b'9' => iso(text),
        _ => http(text, now).or_else(|| javascript(text)),
    }
}

/// Parses the three forms of HTTP-date.
pub(super) fn http(text: &[u8], now: UnixTime) -> Option<UnixTime> {
    match text.iter().position(|&byte| byte == b',') {
        Some(3) => imf_fixdate(text),
        Some(_) => rfc850(text, now),
        None => asctime(text),
    }
}

/// Parses `Sun, 06 Nov 1994 08:49:37 GMT`.
fn imf_fixdate(text: &[u8]) -> Option<UnixTime> {
    let text = without_zone(text)?;
    shaped(text, b"aaa, 00 aaa 0000 00:00:00")?;
    short_day(&text[..3])?;
    let date = (
        year(&text[12..16])?,
        month(&text[8..11])?,
        two(&text[5..7])?,
    );
    UnixTime::new(date, time(&text[17..25])?)
}

/// Parses `Sunday, 06-Nov-94 08:49:37 GMT`.
///
/// The year is the latest one with these two last digits that is at most 50 years in the future (RFC 9110, section
/// 5.6.7).
fn rfc850(text: &[u8], now: UnixTime) -> Option<UnixTime> {
    let comma = text.iter().position(|&byte| byte == b',')?;
    let (name, rest) = text.split_at(comma);
    let rest = without_zone(rest)?;
    shaped(rest, b", 00-aaa-00 00:00:00")?;
    DAYS.iter().find(|day| **day == name)?;
    let (month, day, time) = (month(&rest[5..8])?, two(&rest[2..4])?, time(&rest[12..20])?);

    let today = civil(now)?;
    let clock = (today.hour(), today.minute(), today.second());
    let last = today.year() / 100 * 100 + 100 + i16::from(two(&rest[9..11])?);
    let year = [last, last - 100, last - 200].into_iter().find(|year| {
        (year - 50, month, day, time) <= (today.year(), today.month(), today.day(), clock)
    })?;
    UnixTime::new((year, month, day), time)
}

/// Parses `Sun Nov  6 08:49:37 1994`.
fn asctime(text: &[u8]) -> Option<UnixTime> {
    shaped(text, b"aaa aaa _0 00:00:00 0000")?;
    short_day(&text[..3])?;
    let date = (
        year(&text[20..])?,
        month(&text[4..7])?,
        two(text[8..10].trim_ascii_start())?,
    );
    UnixTime::new(date, time(&text[11..19])?)
}

/// Removes the name of a zone without an offset from UTC.
fn without_zone(text: &[u8]) -> Option<&[u8]> {
    const ZONES: [&[u8]; 3] = [b" GMT", b" UTC", b" +0000"];
    ZONES.into_iter().find_map(|zone| text.strip_suffix(zone))
}

/// Parses `Tue Feb 16 2021 09:02:42 GMT+0100 (Central European Standard Time)`, as JavaScript prints a date.
fn javascript(text: &[u8]) -> Option<UnixTime> {
    const SHAPE: &[u8] = b"aaa aaa 00 0000 00:00:00 GMT";
    let (front, zone) = text.split_at_checked(SHAPE.len())?;
    shaped(front, SHAPE)?;
    short_day(&front[..3])?;
    let date = (
        year(&front[11..15])?,
        month(&front[4..7])?,
        two(&front[8..10])?,
    );
    let local = UnixTime::new(date, time(&front[16..24])?)?;

    let (offset, comment) = zone.split_at_checked(5)?;
    if !matches!(comment, [] | [b' ', b'(', .., b')']) {
        return None;
    }
    let seconds = i128::from(two(&offset[1..3])?) * 3600 + i128::from(two(&offset[3..])?) * 60;
    match offset[0] {
        b'+' => Some(UnixTime(local.0 - seconds * NANOS_PER_SECOND)),
        b'-' => Some(UnixTime(local.0 + seconds * NANOS_PER_SECOND)),
        _ => None,
    }
}

/// Parses ISO 8601 and RFC 3339, with or without seconds, fraction or time of day. Without an offset it is UTC.
fn iso(text: &[u8]) -> Option<UnixTime> {
    static PARSER: DateTimeParser = DateTimeParser::new();

    // Four digits and a hyphen exclude the basic form, which looks like a plain number, and signed years. A bracket
    // begins the name of a time zone, and there is no database of zones here.
    if text.get(4) != Some(&b'-') || text.len() > 40 || text.contains(&b'[') {
        return None;
    }
    let text = with_close_offset(text);
    let pieces = PARSER.parse_pieces(&*text).ok()?;
    let civil = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    let offset = pieces
        .to_numeric_offset()
        .map_or(0, jiff::tz::Offset::seconds);
    // jiff reads a leap second as the second before it, which would make the wait one second too short.
    let leap = i128::from(text.get(16..19) == Some(b":60"));
    Some(UnixTime(
        since_epoch(civil) + (leap - i128::from(offset)) * NANOS_PER_SECOND,
    ))
}

/// Rewrites `2026-11-23 12:00:30 UTC` and `2026-11-23 12:00:30 +0200`, as Ruby and Go print dates, to ISO 8601.
fn with_close_offset(text: &[u8]) -> Cow<'_, [u8]> {
    let text = text.strip_suffix(b" UTC").unwrap_or(text);
    match text.iter().rposition(|&byte| byte == b' ') {
        Some(space) if matches!(text.get(space + 1), Some(b'+' | b'-')) => {
            Cow::Owned([&text[..space], &text[space + 1..]].concat())
        }
        _ => Cow::Borrowed(text),
    }
}

/// Returns the nanoseconds since 1970 of a date and time in UTC.
fn since_epoch(civil: DateTime) -> i128 {
    // The fast way. jiff's timestamps end one day before the year 9999 does.
    match jiff::tz::Offset::UTC.to_timestamp(civil) {
        Ok(timestamp) => timestamp.as_nanosecond(),
        Err(_) => civil.duration_since(UNIX_EPOCH).as_nanos(),
    }
}

/// Returns the date and time of an instant in UTC.
fn civil(instant: UnixTime) -> Option<DateTime> {
    let timestamp = jiff::Timestamp::from_nanosecond(instant.0).ok()?;
    Some(jiff::tz::Offset::UTC.to_datetime(timestamp))
}

/// Checks the shape of a text: in `shape`, `0` matches a digit, `_` a digit or a space, `a` a letter, and any other
/// byte matches itself.
fn shaped(text: &[u8], shape: &[u8]) -> Option<()> {
    let fits = |(byte, wanted): (&u8, &u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        b'_' => byte.is_ascii_digit() || *byte == b' ',
        b'a' => byte.is_ascii_alphabetic(),
        _ => byte == wanted,
    };
    (text.len() == shape.len() && text.iter().zip(shape).all(fits)).then_some(())
}

fn short_day(name: &[u8]) -> Option<()> {
    DAYS.iter().any(|day| day[..3] == *name).then_some(())
}

fn month(name: &[u8]) -> Option<i8> {
    let index = MONTHS.iter().position(|month| *month == name)?;
    i8::try_from(index + 1).ok()
}

fn year(digits: &[u8]) -> Option<i16> {
    i16::try_from(integer(digits)?).ok()
}

fn two(digits: &[u8]) -> Option<i8> {
    i8::try_from(integer(digits)?).ok()
}

/// Parses `08:49:37`.
fn time(text: &[u8]) -> Option<(i8, i8, i8)> {
    Some((two(&text[..2])?, two(&text[3..5])?, two(&text[6..8])?))
}
