//! State of the parser of one response.

use core::cell::Cell;
use core::time::Duration;
use std::borrow::Cow;
use std::time::SystemTime;

use http::header::{AGE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::date::{self, UnixTime};
use super::delay::{self, Form};
use super::names::{self, Slot};
use super::number::{self, Decimal};
use super::vocabulary::{self, Field, Scale};
use super::window::Windows;
use super::{ResetKind, codes, counts, lists, policies, structured};
use crate::hint::Hint;

/// Maximum number of lines that are read, of those with matching names.
const MAX_LINES: usize = 64;
/// Maximum number of further lines of a structured field that are joined to its first.
const MAX_JOINED: usize = 15;
/// Longest line that is read, in bytes.
const MAX_LINE: usize = 2048;
/// Reason of a refusal, such as `endpoint-concurrency`, as Stripe sends it.
const REASON: &str = "stripe-rate-limited-reason";
/// Longest name of a resource that is kept, in bytes.
const MAX_TITLE: usize = 128;

/// State of the parser of one response.
#[derive(Debug)]
pub(super) struct ResponseParser<'a> {
    headers: &'a HeaderMap,
    received_at: SystemTime,
    reset_kind: ResetKind,
    /// Time on the server's clock, once a field has needed it.
    now: Cell<Option<UnixTime>>,
    /// Number of lines read.
    lines: usize,
    /// Wait that the server asks for, and the rank of its field.
    delay: Option<(u8, Duration)>,
    /// Advice of the server to retry or not.
    advice: Option<bool>,
    /// Whether the error has the name of one for calls that come too soon.
    throttled: bool,
    /// Whether the reason of a refusal is the number of calls in flight.
    crowded: bool,
    /// Whether a reset is an instant in whole seconds.
    instants: Cell<bool>,
    windows: Windows<'a>,
}

impl<'a> ResponseParser<'a> {
    pub(super) fn new(
        headers: &'a HeaderMap,
        received_at: SystemTime,
        reset_kind: ResetKind,
    ) -> Self {
        Self {
            headers,
            received_at,
            reset_kind,
            now: Cell::new(None),
            lines: 0,
            delay: None,
            advice: None,
            throttled: false,
            crowded: false,
            instants: Cell::new(false),
            windows: Windows::default(),
        }
    }

    /// Parses one line of a field.
    pub(super) fn line(&mut self, name: &'a HeaderName, value: &'a HeaderValue) {
        let Some(text) = trimmed(value).filter(|_| self.lines < MAX_LINES) else {
            return;
        };
        self.lines += 1;
        let name = name.as_str();
        if let Some((rank, form)) = delay::named(name) {
            self.delay(rank, self.delay_value(form, once(text)));
        } else if name.ends_with("-should-retry") {
            self.advice(text);
        } else if codes::is_field(name.as_bytes()) {
            self.throttled |= codes::is_throttle(text);
        } else if name == REASON {
            self.crowded |= text.ends_with(b"concurrency");
        } else if let Some((slot, field)) = names::window_field(name) {
            match field {
                Field::Policy | Field::Bare => self.structured(name, &slot, field, value),
                _ => self.window(&slot, field, text),
            };
        }
    }

    /// Returns whether the response has the name of an error for calls that come too soon.
    pub(super) const fn names_a_throttle(&self) -> bool {
        self.throttled
    }

    /// Returns the hint, and whether a window is exhausted.
    pub(super) fn finish(self) -> (Hint, bool) {
        let mut hint = Hint::new();
        if let Some((_, wait)) = self.delay {
            hint = hint.with_retry_after(wait);
        }
        if let Some(retry) = self.advice {
            hint = hint.with_server_says_retry(retry);
        }
        hint = hint.with_too_many_in_flight(self.crowded);
        // The response of a cache repeats counts of another time, and perhaps of another client.
        if self.windows.is_empty() || self.is_from_cache() {
            return (hint, false);
        }
        let hint = hint.with_reset_as_instant(self.instants.get());
        self.windows.apply(hint)
    }

    /// Records a wait. The field with the smallest rank counts, and of equal ranks the longest wait.
    fn delay(&mut self, rank: u8, wait: Option<Duration>) {
        let Some(wait) = wait else {
            return;
        };
        self.delay = Some(match self.delay {
            Some((best, known)) if best < rank || (best == rank && known > wait) => (best, known),
            _ => (rank, wait),
        });
    }

    /// Records advice. `false` takes precedence over `true`.
    fn advice(&mut self, text: &[u8]) {
        match text {
            b"true" => self.advice = self.advice.or(Some(true)),
            b"false" => self.advice = Some(false),
            _ => {}
        }
    }

    /// Parses a structured field, once for all its lines.
    fn structured(
        &mut self,
        name: &str,
        slot: &Slot<'a>,
        field: Field,
        value: &'a HeaderValue,
    ) -> Option<()> {
        let text = self.whole(name, value)?;
        if text.starts_with(b"{") {
            self.object(slot, trimmed(value)?);
        } else if field == Field::Policy {
            policies::policies(&mut self.windows, slot, &text);
        } else {
            policies::bare(&mut self.windows, slot, &text);
        }
        Some(())
    }

    /// Parses `{"limit":1000,"remaining":0,"until":"2026-11-23T12:05:00Z"}`, a flat JSON object, as Trakt sends it.
    fn object(&mut self, slot: &Slot<'a>, text: &'a [u8]) {
        let inside = text
            .strip_prefix(b"{")
            .and_then(|text| text.strip_suffix(b"}"));
        for pair in inside.unwrap_or_default().split(|&byte| byte == b',') {
            let Some(colon) = pair.iter().position(|&byte| byte == b':') else {
                continue;
            };
            let (key, value) = (unquoted(&pair[..colon]), unquoted(&pair[colon + 1..]));
            if let Some(field) = core::str::from_utf8(key).ok().and_then(vocabulary::field) {
                self.window(slot, field, value);
            }
        }
    }

    /// Parses one line about a window. `None` if its value has an unknown form.
    fn window(&mut self, slot: &Slot<'a>, field: Field, text: &'a [u8]) -> Option<()> {
        match field {
            Field::Limit | Field::Remaining | Field::Used => {
                counts::read(&mut self.windows, slot, field, once(text))?;
            }
            Field::Reset(rank, scale) => self.resets(slot, rank, scale, once(text))?,
            Field::Length(scale) => {
                let length = length_value(scale, text)?;
                self.windows.at(slot, 0)?.length(length);
            }
            Field::Title => {
                let title = core::str::from_utf8(text).ok()?;
                let fits = title.is_ascii() && (1..=MAX_TITLE).contains(&title.len());
                self.windows.at(slot, 0).filter(|_| fits)?.title(title);
            }
            Field::Odd(odd) => {
                let text = core::str::from_utf8(text).ok()?;
                let wait = lists::read(odd, slot, text, &mut self.windows);
                self.delay(u8::MAX, wait);
            }
            Field::Policy | Field::Bare | Field::Nothing => return None,
        }
        Some(())
    }

    /// Parses the reset of a window, or of several that are identified by their position: `823, 85623`.
    fn resets(&mut self, slot: &Slot<'a>, rank: u8, scale: Scale, text: &[u8]) -> Option<()> {
        if let Some(wait) = self.reset_value(scale, bare_item(text)) {
            self.windows.at(slot, 0)?.reset(rank, wait);
            return Some(());
        }
        let parts = || text.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        if parts().any(|part| Decimal::parse(part).is_none()) {
            return None;
        }
        for (index, part) in (1..).zip(parts()) {
            let wait = self.reset_value(scale, part)?;
            self.windows.at(slot, index)?.reset_in_order(rank, wait);
        }
        Some(())
    }

    /// Parses the value of `Retry-After` or of a similar field.
    fn delay_value(&self, form: Form, text: &[u8]) -> Option<Duration> {
        match (Decimal::parse(text), form) {
            (Some(number), Form::Seconds) => number.seconds(),
            (Some(number), Form::Millis) => number.millis(),
            (Some(number), Form::Guess) => self.guess(number),
            (None, Form::Millis) => None,
            (None, Form::Seconds | Form::Guess) => self.span_or_date(text),
        }
    }

    /// Parses a duration with units, or the time until a date.
    fn span_or_date(&self, text: &[u8]) -> Option<Duration> {
        number::go_duration(text)
            .or_else(|| number::iso_duration(text))
            .or_else(|| names::long_words(text))
            .or_else(|| self.until(text))
    }

    /// Parses the time until a reset.
    fn reset_value(&self, scale: Scale, text: &[u8]) -> Option<Duration> {
        let Some(number) = Decimal::parse(text) else {
            return self
                .span_or_date(text)
                .or_else(|| date::rfc2822(text)?.after(self.now()));
        };
        match (scale, self.reset_kind) {
            // A delay of 31 years is not plausible, so this is an epoch.
            (Scale::Millis, _) if number.whole() >= 1_000_000_000_000 => self.guess(number),
            (Scale::Seconds, _) if number.whole() >= 1_000_000_000 => self.guess(number),
            (Scale::Millis, _) | (Scale::Guess, ResetKind::Millis) => number.millis(),
            (Scale::Seconds, _) | (Scale::Guess, ResetKind::Seconds) => number.seconds(),
            (Scale::Guess, ResetKind::Guess) => self.guess(number),
            (Scale::Guess, ResetKind::EpochSeconds) => self.epoch(number, 1_000_000_000),
            (Scale::Guess, ResetKind::EpochMillis) => self.epoch(number, 1_000_000),
        }
    }

    /// Returns the wait for a bare number: below 1e9 a delay in seconds, else an epoch. 30 days are 2.6e6 s, and 1e9 s
    /// after 1970 is in the year 2001, so no real value is near the boundary. Each further factor of 1000 means a
    /// smaller unit.
    fn guess(&self, number: Decimal<'_>) -> Option<Duration> {
        match number.whole() {
            0..1_000_000_000 => number.seconds(),
            1_000_000_000..1_000_000_000_000 => self.epoch(number, 1_000_000_000),
            1_000_000_000_000..1_000_000_000_000_000 => self.epoch(number, 1_000_000),
            1_000_000_000_000_000..1_000_000_000_000_000_000 => self.epoch(number, 1_000),
            _ => self.epoch(number, 1),
        }
    }

    /// Returns the time until `number` units of `unit` nanoseconds after 1970.
    fn epoch(&self, number: Decimal<'_>, unit: u64) -> Option<Duration> {
        self.instants
            .set(self.instants.get() || unit == 1_000_000_000);
        let nanos = i128::try_from(number.nanos(unit)).ok()?;
        UnixTime::from_nanos(nanos).after(self.now())
    }

    /// Parses the time until a date.
    fn until(&self, text: &[u8]) -> Option<Duration> {
        date::any(text, self.now())?.after(self.now())
    }

    /// Returns the time on the server's clock if the response has a `Date`, else the local time.
    fn now(&self) -> UnixTime {
        if let Some(now) = self.now.get() {
            return now;
        }
        let ours = UnixTime::from(self.received_at);
        let theirs = self
            .headers
            .get(DATE)
            .and_then(trimmed)
            .and_then(|text| date::http(text, ours));
        let now = theirs.unwrap_or(ours);
        self.now.set(Some(now));
        now
    }

    /// Returns whether the response comes from a cache: its `Age` is above 0 (RFC 9111, section 5.1).
    fn is_from_cache(&self) -> bool {
        let age = self
            .headers
            .get(AGE)
            .and_then(trimmed)
            .and_then(number::integer);
        age.is_some_and(|seconds| seconds > 0)
    }

    /// Returns all lines of a structured field as one value (RFC 9651, section 4.2) if `value` is its first line.
    /// `None` for the others, which have been parsed with the first.
    fn whole(&self, name: &str, value: &HeaderValue) -> Option<Cow<'a, [u8]>> {
        let mut lines = self.headers.get_all(name).into_iter();
        let first = lines.next().filter(|first| core::ptr::eq(*first, value))?;
        let mut all = Cow::Borrowed(trimmed(first)?);
        for line in lines.take(MAX_JOINED) {
            let all = all.to_mut();
            all.extend_from_slice(b", ");
            all.extend_from_slice(trimmed(line)?);
        }
        Some(all)
    }
}

/// Parses the length of a window: `60`, `5m` or `minute`.
fn length_value(scale: Scale, text: &[u8]) -> Option<Duration> {
    match Decimal::parse(text) {
        Some(number) if scale == Scale::Millis => number.millis(),
        Some(number) => number.seconds(),
        None => names::length(core::str::from_utf8(text).ok()?),
    }
}

/// Returns a JSON string without its quotes, and any other text unchanged.
fn unquoted(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    let inside = text
        .strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""));
    inside.unwrap_or(text)
}

/// Returns the value without spaces at its ends. `None` if it is too long.
fn trimmed(value: &HeaderValue) -> Option<&[u8]> {
    (value.len() <= MAX_LINE).then(|| value.as_bytes().trim_ascii())
}

/// Returns a structured item without its parameters, and any other text unchanged.
fn bare_item(text: &[u8]) -> &[u8] {
    match text.iter().position(|&byte| byte == b';') {
        Some(end) if structured::list(text).len() == 1 => &text[..end],
        _ => text,
    }
}

/// Returns a value once that a proxy has joined with itself, as in `100, 100`, and any other text unchanged.
fn once(text: &[u8]) -> &[u8] {
    let mut parts = text.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let first = parts.next().unwrap_or_default();
    if parts.all(|part| part == first) {
        first
    } else {
        text
    }
}
