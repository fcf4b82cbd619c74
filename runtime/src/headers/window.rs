//! The windows of a response, merged from its fields, and the choice of the one that the hint describes.

use core::time::Duration;
use std::borrow::Cow;

use super::names::{Family, Slot};
use super::number::MAX_WAIT;
use super::vocabulary::{CONCURRENT, Field};
use crate::hint::{Hint, Window};

/// Maximum number of windows that are kept, more than any known server has.
const MAX_WINDOWS: usize = 32;

/// One window, merged from the fields read so far.
#[derive(Debug)]
pub(super) struct WindowParser<'a> {
    family: Family,
    label: Cow<'a, str>,
    /// Key within a list of values: the position in `600,30000`, the seconds in `100:120,20:1`.
    index: u64,
    /// Name of the resource to which the window applies.
    title: Option<&'a str>,
    /// Unit of the counts.
    unit: Cow<'static, str>,
    limit: Option<f64>,
    remaining: Option<f64>,
    used: Option<f64>,
    length: Option<Duration>,
    /// Time until the reset, and the rank of its field.
    reset: Option<(u8, Duration)>,
    partition: Option<Box<[u8]>>,
    /// Whether the window is listed, and does not affect the hint: it limits one kind of request, or is a rate and not
    /// a quota.
    aside: bool,
    /// Whether its values come from lists without names, and were matched by position.
    in_order: bool,
}

impl<'a> WindowParser<'a> {
    pub(super) fn new(family: Family, label: Cow<'a, str>) -> Self {
        Self {
            family,
            label,
            index: 0,
            title: None,
            unit: Cow::Borrowed("requests"),
            limit: None,
            remaining: None,
            used: None,
            length: None,
            reset: None,
            partition: None,
            aside: false,
            in_order: false,
        }
    }

    /// Records a count. Of a field that is sent twice the stricter value counts, so that no wait is too short.
    pub(super) fn count(&mut self, field: Field, value: f64) {
        let (known, tighter): (_, fn(f64, f64) -> f64) = match field {
            Field::Remaining => (&mut self.remaining, f64::min),
            Field::Used => (&mut self.used, f64::max),
            _ => (&mut self.limit, f64::min),
        };
        *known = Some(known.map_or(value, |known| tighter(known, value)));
    }

    /// Records a count from a list without names. The window is only used if both its limit and its used part are
    /// known.
    pub(super) fn count_in_order(&mut self, field: Field, value: f64) {
        self.in_order = true;
        self.count(field, value);
    }

    /// Records the reset of a window from a list without names.
    pub(super) fn reset_in_order(&mut self, rank: u8, wait: Duration) {
        self.in_order = true;
        self.reset(rank, wait);
    }

    /// Records the time until the reset. The smallest rank counts, and of equal ranks the longest time.
    pub(super) fn reset(&mut self, rank: u8, wait: Duration) {
        self.reset = Some(match self.reset {
            Some((known, best)) if known < rank || (known == rank && best > wait) => (known, best),
            _ => (rank, wait),
        });
    }

    /// Records the length of the window. A length above [`MAX_WAIT`] is ignored.
    pub(super) fn length(&mut self, length: Duration) {
        if length <= MAX_WAIT {
            self.length = Some(length);
        }
    }

    pub(super) fn title(&mut self, title: &'a str) {
        self.title = Some(title);
    }

    pub(super) fn unit(&mut self, unit: Cow<'static, str>) {
        self.unit = unit;
    }

    pub(super) fn partition(&mut self, key: Box<[u8]>) {
        self.partition = Some(key);
    }

    pub(super) fn aside(&mut self) {
        self.aside = true;
    }

    fn is_requests(&self) -> bool {
        self.unit == "requests"
    }

    fn is_exhausted(&self) -> bool {
        self.remaining == Some(0.0)
    }

    /// Returns whether the window says nothing about when the next call may be sent.
    fn is_aside(&self) -> bool {
        self.aside || self.unit == CONCURRENT
    }

    /// Returns whether the window has a count or a reset. A name or a length alone do not make a window.
    fn is_known(&self) -> bool {
        if self.in_order {
            return self.limit.is_some() && self.used.is_some();
        }
        let counts = [self.limit, self.remaining, self.used];
        counts.iter().any(Option::is_some) || self.reset.is_some()
    }

    /// Returns the rest: as a part of the limit, if the limit is known, and as a count.
    fn left(&self) -> Option<(Option<f64>, f64)> {
        let share = |limit| (limit > 0.0).then(|| self.remaining.unwrap_or_default() / limit);
        Some((self.limit.and_then(share), self.remaining?))
    }

    /// Computes the rest from the limit and the used part, or the limit from the rest and the used part.
    fn complete(&mut self) {
        match (self.limit, self.used, self.remaining) {
            (Some(limit), Some(used), None) => self.remaining = Some((limit - used).max(0.0)),
            (None, Some(used), Some(remaining)) => self.limit = Some(used + remaining),
            _ => {}
        }
    }

    fn into_window(self) -> Window {
        let mut window = Window::new().with_unit(self.unit);
        window = match (&*self.label, self.index) {
            ("", _) => self.title.into_iter().fold(window, Window::with_name),
            (label, 0) => window.with_name(label),
            (label, index) => window.with_name(format!("{label}-{index}")),
        };
        if let Some(limit) = self.limit {
            window = window.with_limit(limit);
        }
        if let Some(remaining) = self.remaining {
            window = window.with_remaining(remaining);
        }
        if let Some(used) = self.used {
            window = window.with_used(used);
        }
        if let Some(length) = self.length {
            window = window.with_length(length);
        }
        if let Some((_, wait)) = self.reset {
            window = window.with_reset_after(wait);
        }
        if let Some(key) = self.partition {
            window = window.with_partition(key);
        }
        window
    }
}

/// Windows of a response.
#[derive(Debug, Default)]
pub(super) struct Windows<'a> {
    list: Vec<WindowParser<'a>>,
}

impl<'a> Windows<'a> {
    /// Returns the window of a slot, and adds it if it is new. `None` if there are too many.
    pub(super) fn at(&mut self, slot: &Slot<'a>, index: u64) -> Option<&mut WindowParser<'a>> {
        let same = |window: &WindowParser<'_>| {
            // Most labels are empty, and the comparison of two empty texts is slow on some platforms.
            let unnamed = window.label.is_empty() && slot.label.is_empty();
            window.family == slot.family
                && window.index == index
                && (unnamed || window.label == slot.label)
        };
        self.find_or_push(same, || {
            let mut window = WindowParser::new(slot.family, Cow::Borrowed(slot.label));
            window.index = index;
            window.unit = Cow::Borrowed(slot.unit);
            window.length = slot.length;
            window
        })
    }

    /// Returns the window with a name in a structured field, and adds it if it is new. `None` if there are too many.
    pub(super) fn named(
        &mut self,
        name: &str,
        key: Option<&[u8]>,
    ) -> Option<&mut WindowParser<'a>> {
        let same = |window: &WindowParser<'_>| {
            let theirs = window.partition.as_deref();
            let one = theirs.is_none() || key.is_none() || theirs == key;
            window.family == Family::Structured && window.label == name && one
        };
        self.find_or_push(same, || {
            WindowParser::new(Family::Structured, Cow::Owned(name.to_owned()))
        })
    }

    fn find_or_push(
        &mut self,
        same: impl Fn(&WindowParser<'_>) -> bool,
        new: impl FnOnce() -> WindowParser<'a>,
    ) -> Option<&mut WindowParser<'a>> {
        match self.list.iter().position(same) {
            Some(position) => self.list.get_mut(position),
            None => self.push(new()).and_then(|()| self.list.last_mut()),
        }
    }

    /// Adds a window of which only the limit and the length are known, unless another field has added the same one.
    pub(super) fn quota(&mut self, family: Family, limit: f64, length: Option<Duration>) {
        let Some(length) = length else {
            return;
        };
        let told = |window: &WindowParser<'_>| {
            window.limit == Some(limit) && window.length == Some(length) && window.label.is_empty()
        };
        if !self.list.iter().any(told) {
            let mut window = WindowParser::new(family, Cow::Borrowed(""));
            window.index = u64::MAX;
            window.count(Field::Limit, limit);
            window.length(length);
            self.push(window);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn push(&mut self, window: WindowParser<'a>) -> Option<()> {
        if self.list.len() == MAX_WINDOWS {
            return None;
        }
        self.list.push(window);
        Some(())
    }

    /// Adds the windows to the hint. Also returns whether one of them is exhausted.
    pub(super) fn apply(mut self, mut hint: Hint) -> (Hint, bool) {
        self.list.retain(WindowParser::is_known);
        self.list.iter_mut().for_each(WindowParser::complete);
        let exhausted = self
            .list
            .iter()
            .any(|window| window.is_exhausted() && !window.is_aside());
        if let Some(window) = self.governing() {
            let reset = window.reset.or_else(|| self.reset_of_all(window));
            hint = hint.with_counts_requests(window.is_requests());
            if let Some(title) = window.title {
                hint = hint.with_resource(title);
            }
            if let Some(limit) = window.limit {
                hint = hint.with_limit(limit);
            }
            if let Some(remaining) = window.remaining {
                hint = hint.with_remaining(remaining);
            }
            if let Some((_, wait)) = reset {
                hint = hint.with_reset_after(wait);
            }
        }
        (hint.with_windows(self.windows()), exhausted)
    }

    /// Returns the window that restricts the next call most: an exhausted one with the latest reset; else the one with
    /// the least left, in the best family.
    fn governing(&self) -> Option<&WindowParser<'a>> {
        let candidates = || self.list.iter().filter(|window| !window.is_aside());
        let exhausted = candidates().filter(|window| window.is_exhausted());
        if let Some(window) = exhausted.max_by_key(|window| window.reset.map(|(_, wait)| wait)) {
            return Some(window);
        }
        let counted = || candidates().filter(|window| window.remaining.is_some());
        let requests = counted().any(WindowParser::is_requests);
        let counted = || counted().filter(move |window| !requests || window.is_requests());
        if let Some(family) = counted().map(|window| window.family).min() {
            return tightest(|| counted().filter(move |window| window.family == family));
        }
        // No rest is known. The hint can still describe one window: the only one, or the one without a name.
        let mut all = candidates();
        if let (Some(only), None) = (all.next(), all.next()) {
            return Some(only);
        }
        let plain = |window: &&WindowParser<'_>| window.label.is_empty() && window.index == 0;
        candidates()
            .filter(plain)
            .min_by_key(|window| window.family)
    }

    /// Returns the reset that a family sends once for all its windows, as Contentful and `LaunchDarkly` do.
    fn reset_of_all(&self, window: &WindowParser<'a>) -> Option<(u8, Duration)> {
        let counts =
            |window: &WindowParser<'a>| window.limit.is_some() || window.remaining.is_some();
        let mut family = self
            .list
            .iter()
            .filter(|other| other.family == window.family);
        let told = family.clone().find(|other| other.reset.is_some())?;
        let once = family.all(|other| counts(other) == other.reset.is_none());
        told.reset.filter(|_| once)
    }

    /// Returns the windows with a name or a length. A window without either is described by the hint itself.
    fn windows(self) -> Vec<Window> {
        let told = |window: &WindowParser<'_>| {
            let named = !window.label.is_empty() || window.title.is_some();
            named || window.length.is_some() || window.index > 0
        };
        if !self.list.iter().any(told) {
            return Vec::new();
        }
        self.list
            .into_iter()
            .filter(told)
            .map(WindowParser::into_window)
            .collect()
    }
}

/// Returns the window with the least left: as a part of the limit if every limit is known, else as a count.
fn tightest<'w, 'a: 'w, I>(windows: impl Fn() -> I) -> Option<&'w WindowParser<'a>>
where
    I: Iterator<Item = &'w WindowParser<'a>>,
{
    let by_share = windows().all(|window| matches!(window.left(), Some((Some(_), _))));
    let least = |window: &&WindowParser<'_>| {
        let (share, count) = window.left()?;
        if by_share { share } else { Some(count) }
    };
    windows().min_by(|a, b| {
        least(a)
            .partial_cmp(&least(b))
            .unwrap_or(core::cmp::Ordering::Equal)
    })
}
