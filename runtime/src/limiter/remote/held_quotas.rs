//! Quotas that another process of the limiter has declared tighter than this one.

use core::fmt::Write as _;

use crate::quota::Rate;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::State;
use crate::store::Ticks;

/// Whether another process holds a quota tighter than this one declares.
#[derive(Debug)]
pub(super) struct HeldQuota {
    is_held: bool,
    news: Option<String>,
}

impl HeldQuota {
    pub(super) const NONE: Self = Self {
        is_held: false,
        news: None,
    };

    /// Compares what the store knows with what this process declares. The first time that something tighter holds is an
    /// event.
    pub(super) fn note(&mut self, state: &State, declared: &Limits, now: Ticks) {
        let is_held = state.is_held(declared, now);
        if is_held && !self.is_held {
            self.news = Some(describe(state, declared, now));
        }
        self.is_held = is_held;
    }

    /// Returns the sentence of the event to report.
    pub(super) const fn news(&mut self) -> Option<String> {
        self.news.take()
    }
}

/// Returns the sentence of the event.
fn describe(state: &State, declared: &Limits, now: Ticks) -> String {
    let mut text =
        String::from("another process has declared a tighter quota, which holds for all: ");
    let held = state.held(declared, now);
    let rows = held.as_slice().iter().zip(declared.as_slice());
    let differ = rows.enumerate().filter(|(_, (held, own))| held != own);
    for (nth, (row, (held, own))) in differ.enumerate() {
        let comma = if nth == 0 { "" } else { "; " };
        let rate = |limit: &Limit| Rate::of_interval(limit.interval().span());
        let burst = |limit: &Limit| limit.capacity() / limit.interval();
        // Writing to a `String` does not fail.
        let _ = write!(
            text,
            "{comma}{} with a burst of {} instead of {} with {}",
            rate(held),
            burst(held),
            rate(own),
            burst(own),
        );
        if declared.as_slice().len() > 1 {
            let _ = write!(text, " in limit {}", row + 1);
        }
    }
    text
}
