//! One response being read: each field adds to what is known.

use core::cell::Cell;
use core::time::Duration;
use std::borrow::Cow;
use std::time::SystemTime;

use http::header::{AGE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::date::{self, Instant};
use super::delay::{self, Form};
use super::names::{self, Slot};
use super::number::{self, Decimal};
use super::vocabulary::{Field, Scale};
use super::window::Windows;
use super::{ResetKind, counts, lists, policies, structured};
use crate::hint::Hint;

/// Fields of a response that are read, of those whose names look right.
const MAX_FIELDS: usize = 128;
/// Lines of one field that are read.
const MAX_LINES: usize = 16;
/// Longest line that is read, in bytes.
const MAX_LINE: usize = 4096;
/// Longest title of a window that is kept, in bytes.
const MAX_TITLE: usize = 128;

/// What has been read so far.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    headers: &'a HeaderMap,
    received_at: SystemTime,
    reset_kind: ResetKind,
    /// The server's clock, once it has been needed.
    now: Cell<Option<Instant>>,
    fields: usize,
    delay: Option<(usize, Duration)>,
    advice: Option<bool>,
    windows: Windows<'a>,
}

impl<'a> Reading<'a> {
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
            fields: 0,
            delay: None,
            advice: None,
            windows: Windows::default(),
        }
    }

    /// Reads all lines of a field.
    pub(super) fn field(&mut self, name: &'a HeaderName) {
        if self.fields == MAX_FIELDS {
            return;
        }
        self.fields += 1;
        if let Some((rank, form)) = delay::named(name.as_str()) {
            for text in self.lines(name) {
                self.delay(rank, self.delay_value(form, once(text)));
            }
        } else if name.as_str().ends_with("-should-retry") {
            self.lines(name).for_each(|text| self.advice(text));
        } else if let Some((slot, field)) = names::window_field(name.as_str()) {
            self.window(name, &slot, field);
        }
    }

    /// The hint, and whether a window is used up.
    pub(super) fn finish(self) -> (Hint, bool) {
        let mut hint = Hint::new();
        if let Some((_, wait)) = self.delay {
            hint = hint.with_retry_after(wait);
        }
        if let Some(retry) = self.advice {
            hint = hint.with_server_says_retry(retry);
        }
        // What a cache repeats was true at another time, perhaps of another caller.
        if self.windows.is_empty() || self.is_from_cache() {
            return (hint, false);
        }
        self.windows.apply(hint)
    }

    /// The longest wait of the best field that has one.
    fn delay(&mut self, rank: usize, wait: Option<Duration>) {
        let Some(wait) = wait else {
            return;
        };
        self.delay = Some(match self.delay {
            Some((best, known)) if best < rank || (best == rank && known > wait) => (best, known),
            _ => (rank, wait),
        });
    }

    /// `false` outweighs `true`.
    fn advice(&mut self, text: &[u8]) {
        match text {
            b"true" => self.advice = self.advice.or(Some(true)),
            b"false" => self.advice = Some(false),
            _ => {}
        }
    }

    fn window(&mut self, name: &'a HeaderName, slot: &Slot<'a>, field: Field) {
        match field {
            Field::Policy => {
                let text = joined(self.lines(name));
                policies::policies(&mut self.windows, slot, &text);
            }
            Field::Bare => {
                let text = joined(self.lines(name));
                policies::bare(&mut self.windows, slot, &text);
            }
            _ => self.lines(name).for_each(|text| {
                self.line(slot, field, text);
            }),
        }
    }

    /// Reads one line. `None` where nothing comes of it.
    fn line(&mut self, slot: &Slot<'a>, field: Field, text: &'a [u8]) -> Option<()> {
        match field {
            Field::Limit | Field::Remaining | Field::Used => {
                counts::read(&mut self.windows, slot, field, once(text))?;
            }
            Field::Reset(rank, scale) => {
                let wait = self.reset_value(scale, bare_item(once(text)))?;
                self.windows.at(slot, 0)?.reset(rank, wait);
            }
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
                self.delay(usize::MAX, wait);
            }
            Field::Policy | Field::Bare => {}
        }
        Some(())
    }

    fn delay_value(&self, form: Form, text: &[u8]) -> Option<Duration> {
        match (Decimal::parse(text), form) {
            (Some(number), Form::Seconds) => number.seconds(),
            (Some(number), Form::Millis) => number.millis(),
            (Some(number), Form::Guess) => self.guess(number),
            (None, Form::Millis) => None,
            (None, _) => self.until(text),
        }
    }

    fn reset_value(&self, scale: Scale, text: &[u8]) -> Option<Duration> {
        let Some(number) = Decimal::parse(text) else {
            return number::go_duration(text).or_else(|| self.until(text));
        };
        match (scale, self.reset_kind) {
            (Scale::Millis, _) | (Scale::Guess, ResetKind::Millis) => number.millis(),
            (Scale::Seconds, _) | (Scale::Guess, ResetKind::Seconds) => number.seconds(),
            (Scale::Guess, ResetKind::Guess) => self.guess(number),
            (Scale::Guess, ResetKind::EpochSeconds) => self.epoch(number, 1_000_000_000),
            (Scale::Guess, ResetKind::EpochMillis) => self.epoch(number, 1_000_000),
        }
    }

    /// A delay in seconds, or an epoch: 30 days are 2.6e6 seconds, and 2001 was 1e9 seconds after
    /// 1970, so nothing real is near the line. Each further thousandfold is a smaller unit.
    fn guess(&self, number: Decimal<'_>) -> Option<Duration> {
        match number.whole() {
            0..1_000_000_000 => number.seconds(),
            1_000_000_000..1_000_000_000_000 => self.epoch(number, 1_000_000_000),
            1_000_000_000_000..1_000_000_000_000_000 => self.epoch(number, 1_000_000),
            1_000_000_000_000_000..1_000_000_000_000_000_000 => self.epoch(number, 1_000),
            _ => self.epoch(number, 1),
        }
    }

    /// The time until so many units of so many nanoseconds after 1970.
    fn epoch(&self, number: Decimal<'_>, unit: u64) -> Option<Duration> {
        let nanos = i128::try_from(number.nanos(unit)).ok()?;
        Instant::from_nanos(nanos).after(self.now())
    }

    fn until(&self, text: &[u8]) -> Option<Duration> {
        date::any(text, self.now())?.after(self.now())
    }

    /// The server's clock if it sent a `Date`, else ours.
    fn now(&self) -> Instant {
        if let Some(now) = self.now.get() {
            return now;
        }
        let ours = Instant::from(self.received_at);
        let theirs = self
            .headers
            .get(DATE)
            .and_then(trimmed)
            .and_then(|text| date::http(text, ours));
        let now = theirs.unwrap_or(ours);
        self.now.set(Some(now));
        now
    }

    fn is_from_cache(&self) -> bool {
        let age = self
            .headers
            .get(AGE)
            .and_then(trimmed)
            .and_then(number::integer);
        age.is_some_and(|seconds| seconds > 0)
    }

    fn lines(&self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let headers: &'a HeaderMap = self.headers;
        headers
            .get_all(name)
            .into_iter()
            .take(MAX_LINES)
            .filter_map(trimmed)
    }
}

fn length_value(scale: Scale, text: &[u8]) -> Option<Duration> {
    match Decimal::parse(text) {
        Some(number) if scale == Scale::Millis => number.millis(),
        Some(number) => number.seconds(),
        None => number::go_duration(text),
    }
}

/// Without the spaces round it. `None` if it is too long.
fn trimmed(value: &HeaderValue) -> Option<&[u8]> {
    (value.len() <= MAX_LINE).then(|| value.as_bytes().trim_ascii())
}

/// The lines as one value (RFC 9110, section 5.3).
fn joined<'t>(mut lines: impl Iterator<Item = &'t [u8]>) -> Cow<'t, [u8]> {
    let mut all = Cow::Borrowed(lines.next().unwrap_or_default());
    for line in lines {
        let all = all.to_mut();
        all.extend_from_slice(b", ");
        all.extend_from_slice(line);
    }
    all
}

/// A structured item without its parameters; what is no such item as it is.
fn bare_item(text: &[u8]) -> &[u8] {
    match text.iter().position(|&byte| byte == b';') {
        Some(end) if structured::list(text).len() == 1 => &text[..end],
        _ => text,
    }
}

/// A value that a proxy has joined with itself, as in `100, 100`, once.
fn once(text: &[u8]) -> &[u8] {
    let mut parts = text.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let first = parts.next().unwrap_or_default();
    if parts.all(|part| part == first) {
        first
    } else {
        text
    }
}
