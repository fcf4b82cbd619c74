//! One response being read: each field adds to what is known.

use core::cell::Cell;
use core::time::Duration;
use std::borrow::Cow;
use std::time::SystemTime;

use http::header::{AGE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::ResetKind;
use super::date::{self, Instant};
use super::delay::{self, Form};
use super::lists;
use super::names::{self, Family, Field, Scale, Slot};
use super::number::{self, Decimal};
use super::structured::{self, Item};
use super::window::Windows;
use crate::hint::Hint;

/// Fields of a response that are read, of those whose names look right.
const MAX_FIELDS: usize = 128;
/// Lines of one field that are read.
const MAX_LINES: usize = 16;
/// Longest value that is read, in bytes.
const MAX_VALUE: usize = 4096;
/// Longest name of a window that is kept, in bytes.
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
    pub(super) fn new(headers: &'a HeaderMap, received_at: SystemTime, reset_kind: ResetKind) -> Self {
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
                let wait = self.delay_value(form, text);
                self.delay(rank, wait);
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
        // What a cache repeats was true for another request, at another time.
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

    fn delay_value(&self, form: Form, text: &[u8]) -> Option<Duration> {
        let number = Decimal::parse(text);
        match form {
            Form::Millis => number?.millis(),
            Form::Seconds => number.map_or_else(|| self.until(text), Decimal::seconds),
            Form::Guess => match number {
                Some(number) => self.guess(number),
                None => self.until(text),
            },
        }
    }

    /// `false` wins over `true`, for it is the one to be sorry for.
    fn advice(&mut self, text: &[u8]) {
        match text {
            b"true" => self.advice = self.advice.or(Some(true)),
            b"false" => self.advice = Some(false),
            _ => {}
        }
    }

    fn window(&mut self, name: &'a HeaderName, slot: &Slot<'a>, field: Field) {
        if matches!(field, Field::Policy | Field::Bare) {
            let text = joined(self.lines(name));
            match field {
                Field::Policy => self.policies(slot, &text),
                _ => self.bare(slot, &text),
            }
            return;
        }
        for text in self.lines(name) {
            self.line(slot, field, text);
        }
    }

    /// Reads one line. Nothing comes of one that cannot be understood.
    fn line(&mut self, slot: &Slot<'a>, field: Field, text: &'a [u8]) -> Option<()> {
        match field {
            Field::Limit | Field::Remaining | Field::Used => self.counts(slot, field, text)?,
            Field::Reset { rank, scale } => {
                let wait = self.reset_value(scale, text)?;
                self.windows.at(slot, 0)?.reset(rank, wait);
            }
            Field::Length(scale) => {
                let length = match (Decimal::parse(text), scale) {
                    (Some(number), Scale::Millis) => number.millis()?,
                    (Some(number), _) => number.seconds()?,
                    (None, _) => number::go_duration(text)?,
                };
                self.windows.at(slot, 0)?.length(length);
            }
            Field::Title => {
                let text = core::str::from_utf8(text).ok()?;
                let fits = (1..=MAX_TITLE).contains(&text.len()) && text.is_ascii();
                self.windows.at(slot, 0).filter(|_| fits)?.title(text);
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

    /// `60`, `100;w=21600`, `10, 10;w=1, 50;w=60`, `600,30000` or `100:120,20:1`.
    fn counts(&mut self, slot: &Slot<'a>, field: Field, text: &[u8]) -> Option<()> {
        let text = once(text);
        if let Some(value) = count(field, text) {
            self.windows.at(slot, 0)?.count(field, value);
        } else if text.contains(&b':') {
            self.counts_by_seconds(slot, field, text)?;
        } else if text.iter().any(|byte| matches!(byte, b',' | b';')) {
            self.count_list(slot, field, structured::list(text))?;
        }
        Some(())
    }

    fn counts_by_seconds(&mut self, slot: &Slot<'a>, field: Field, text: &[u8]) -> Option<()> {
        for (value, seconds) in lists::counts_by_seconds(core::str::from_utf8(text).ok()?)? {
            let window = self.windows.at(slot, seconds)?;
            window.count(field, value);
            window.length(Duration::from_secs(seconds));
        }
        Some(())
    }

    fn count_list(&mut self, slot: &Slot<'a>, field: Field, items: Vec<Item>) -> Option<()> {
        let only = items.len() == 1;
        let value = |item: Item| Some((item.number.filter(|number| *number >= 0.0)?, item.parameters()?.window));
        let values: Vec<_> = items.into_iter().map(value).collect::<Option<_>>()?;
        let plain = values.iter().all(|(_, window)| window.is_none());
        for (index, (value, window)) in (0..).zip(values) {
            let length = window.map(Duration::from_secs);
            match length {
                // The policies, which in the first drafts stand behind the limit.
                Some(length) if !only && field == Field::Limit => self.windows.quota(slot.family, value, length),
                _ if index == 0 || plain => {
                    let window = self.windows.at(slot, index)?;
                    window.count(field, value);
                    length.into_iter().for_each(|length| window.length(length));
                }
                _ => {}
            }
        }
        Some(())
    }

    /// `10;w=1, 50;w=60` or `"burst";q=100;w=60, "daily";q=1000;w=86400`.
    fn policies(&mut self, slot: &Slot<'a>, text: &[u8]) {
        for item in structured::list(text) {
            self.policy(slot.family, item);
        }
    }

    fn policy(&mut self, family: Family, mut item: Item) -> Option<()> {
        let (name, number) = (item.name.take(), item.number);
        let parameters = item.parameters()?;
        let length = parameters.window.map(Duration::from_secs);
        let Some(name) = name else {
            self.windows.quota(family, number.filter(|number| *number >= 0.0)?, length?);
            return Some(());
        };
        let quota = parameters.quota?;
        let window = self.windows.named(&name, parameters.partition.as_deref())?;
        window.count(Field::Limit, whole(quota));
        length.into_iter().for_each(|length| window.length(length));
        if let Some(unit) = parameters.unit {
            window.unit(String::from(unit).into());
        }
        if let Some(key) = parameters.partition {
            window.partition(key);
        }
        Some(())
    }

    /// `"default";r=50;t=30`, `limit=10, remaining=1, reset=7`, `700` or `100:120,20:1`.
    fn bare(&mut self, slot: &Slot<'a>, text: &[u8]) {
        if !matches!(text.first(), Some(b'"')) && self.counts_alone(slot, text).is_some() {
            return;
        }
        let items = structured::list(text);
        if items.is_empty() {
            for item in structured::dictionary(text) {
                self.member(item);
            }
        }
        for item in items {
            self.status(item);
        }
    }

    fn counts_alone(&mut self, slot: &Slot<'a>, text: &[u8]) -> Option<()> {
        let first = text.iter().position(|byte| matches!(byte, b',' | b':')).unwrap_or(text.len());
        Decimal::parse(&text[..first])?;
        self.counts(slot, Field::Limit, text)
    }

    /// One item of the structured `RateLimit` since draft 08.
    fn status(&mut self, mut item: Item) -> Option<()> {
        let name = item.name.take()?;
        let parameters = item.parameters()?;
        if parameters.remaining.is_none() && parameters.reset.is_none() {
            return None;
        }
        let window = self.windows.named(&name, parameters.partition.as_deref())?;
        if let Some(remaining) = parameters.remaining {
            window.count(Field::Remaining, whole(remaining));
        }
        if let Some(wait) = parameters.reset.map(Duration::from_secs) {
            window.reset(1, wait);
        }
        if let Some(key) = parameters.partition {
            window.partition(key);
        }
        Some(())
    }

    /// One member of the structured `RateLimit` of draft 07.
    fn member(&mut self, item: Item) -> Option<()> {
        const SLOT: Slot<'static> = Slot { family: Family::Structured, label: "", unit: "requests", length: None };
        let number = item.number.filter(|number| *number >= 0.0)?;
        match item.name.as_deref()? {
            "limit" => self.windows.at(&SLOT, 0)?.replace(Field::Limit, number),
            "remaining" => self.windows.at(&SLOT, 0)?.replace(Field::Remaining, number),
            "reset" => {
                ..
            }
            _ => return None,
        }
        Some(())
    }
}
