//! The windows of a hint, as a list.

use core::time::Duration;

use crate::hint::Hint;
use crate::hint::Window;

/// Maximum length of a window whose reset is not told and is taken to be one length from now. The error is at most
/// this long. A window of a day may end at any moment, so its length says nothing about its end.
const SHORT: Duration = Duration::from_secs(60);

/// One window of a hint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoken<'a> {
    pub(super) name: &'a str,
    pub(super) is_requests: bool,
    pub(super) limit: Option<f64>,
    pub(super) remaining: Option<f64>,
    pub(super) reset: Option<Duration>,
}

/// Returns the windows of a hint: the one that the hint itself describes, and those in its list of windows. A window
/// that both describe is returned once. If the list has a single entry, that is the hint's window, with its name.
pub(super) fn windows(hint: &Hint) -> Vec<Spoken<'_>> {
    let single = hint.windows().len() < 2;
    let name = hint.windows().first().and_then(Window::name);
    let whole = Spoken {
        name: name.filter(|_| single).unwrap_or_default(),
        is_requests: hint.counts_requests(),
        limit: hint.limit(),
        remaining: hint.remaining(),
        reset: hint.reset_after(),
    };
    let windows = hint.windows().iter().map(|window| Spoken {
        name: window.name().unwrap_or_default(),
        is_requests: window.unit() == "requests",
        limit: window.limit(),
        remaining: window.remaining(),
        reset: window.reset_after().or_else(|| short(window)),
    });
    if single && whole.reset.is_some() {
        return vec![whole];
    }
    core::iter::once(whole)
        .filter(|whole| whole.is_requests && !covered(whole, hint.windows()))
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
