//! The windows of a hint, as a list.

use core::time::Duration;

use crate::hint::Hint;
use crate::hint::Window;
use crate::row::REQUESTS;

/// Maximum length of a window whose reset is not told and is taken to be one length from now. The error is at most
/// this long. A window of a day may end at any moment, so its length says nothing about its end.
const SHORT: Duration = Duration::from_secs(60);

/// One window of a hint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoken<'a> {
    pub(super) name: &'a str,
    /// Unit of the counts. Empty: not requests, and not told.
    pub(super) unit: &'a str,
    /// Resource of the server to which the window applies, if it names one.
    pub(super) resource: Option<&'a str>,
    /// Whether its counts are in the unit of the limit that follows it.
    pub(super) in_unit: bool,
    pub(super) limit: Option<f64>,
    pub(super) remaining: Option<f64>,
    pub(super) reset: Option<Duration>,
    pub(super) length: Option<Duration>,
}

/// Returns the windows of a hint: the one that the hint itself describes, and those in its list of windows. A window
/// that both describe is returned once. If the list has a single entry, that is the hint's window, with its name.
pub(super) fn windows(hint: &Hint) -> Vec<Spoken<'_>> {
    let single = hint.windows().len() < 2;
    let first = hint.windows().first().filter(|_| single);
    let unit = first.map_or("", Window::unit);
    let whole = Spoken {
        name: first.and_then(Window::name).unwrap_or_default(),
        unit: if hint.counts_requests() {
            REQUESTS
        } else {
            unit
        },
        resource: hint.resource(),
        in_unit: hint.counts_requests(),
        limit: hint.limit(),
        remaining: hint.remaining(),
        reset: hint.reset_after(),
        length: first.and_then(Window::length),
    };
    let windows = hint.windows().iter().map(|window| Spoken {
        name: window.name().unwrap_or_default(),
        unit: window.unit(),
        resource: window.name().filter(|name| hint.resource() == Some(name)),
        in_unit: window.unit() == REQUESTS,
        limit: window.limit(),
        remaining: window.remaining(),
        reset: window.reset_after().or_else(|| short(window)),
        length: window.length(),
    });
    if single && whole.reset.is_some() {
        return vec![whole];
    }
    core::iter::once(whole)
        .filter(|whole| whole.in_unit && !covered(whole, hint.windows()))
        .chain(windows)
        .collect()
}

/// Returns whether a window describes the same window.
fn covered(whole: &Spoken<'_>, windows: &[Window]) -> bool {
    windows.iter().any(|window| {
        let same_reset = whole.reset.is_none() || whole.reset == window.reset_after();
        same_reset && window.remaining() == whole.remaining && window.limit() == whole.limit
    })
}

/// Returns the length of a short window, as an upper bound of the time to its reset.
fn short(window: &Window) -> Option<Duration> {
    window.length().filter(|length| *length <= SHORT)
}
