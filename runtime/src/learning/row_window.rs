//! One window of a server that is about a row: what it told last, and the restriction that follows from it.

use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

use super::restriction::Restriction;
use super::restriction::RestrictionKind;
use super::restriction::Spacing;
use super::restriction::bucket;
use super::restriction::float;
use super::window::ResetMeaning;
use super::window::Statement;
use super::window::TrackedWindow;
use super::windows::DeclaredBucket;
use super::windows::Observation;
use super::windows::whole;

/// A window that is about a row, by its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowWindow {
    pub(super) name: Box<str>,
    /// `None`: the server does not tell its limit or its reset.
    pub(super) tracked: Option<TrackedWindow>,
    pub(super) restriction: Option<Restriction>,
    /// Instant at which the newest call about this window was sent.
    pub(super) sent: Instant,
}

/// Use of a row, as a response finds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowUse {
    /// Shape of the declared bucket.
    pub(crate) declared: Shape,
    /// Whole tokens in the declared bucket, if they are this process's alone.
    pub(crate) left: Option<u64>,
    /// Tokens that the answered attempt took from the row.
    pub(crate) cost: u64,
    /// Tokens that were taken from the row after that attempt took its own.
    pub(crate) taken_since: u64,
}

impl RowUse {
    /// Returns the declared bucket, where its state is known.
    fn own(&self) -> Option<DeclaredBucket> {
        let burst = self.declared.capacity / self.declared.interval.max(Span::SHORTEST);
        Some(DeclaredBucket {
            burst: u32::try_from(burst).unwrap_or(u32::MAX),
            left: self.left?,
        })
    }
}

impl RowWindow {
    /// Returns a window of which nothing is known.
    pub(super) fn new(name: &str, sent: Instant) -> Self {
        Self {
            name: name.into(),
            tracked: None,
            restriction: None,
            sent,
        }
    }

    /// Replaces the restriction by that of a newer response. An older one only tightens it.
    pub(super) fn keep(&mut self, restriction: Restriction, heard: &Observation<'_>) {
        let is_older = heard.sent < self.sent;
        self.sent = self.sent.max(heard.sent);
        match (&mut self.restriction, restriction.kind) {
            (
                Some(Restriction {
                    kind: RestrictionKind::Rest { left, .. },
                    ..
                }),
                RestrictionKind::Rest { left: older, .. },
            ) if is_older => *left = left.min(older),
            (Some(_), _) if is_older => {}
            (known, _) => *known = Some(restriction),
        }
    }

    /// Records a response, and what follows from it. `None` if it is about a window that is over.
    pub(super) fn follow(
        &mut self,
        told: &Statement,
        heard: &Observation<'_>,
        used: &RowUse,
    ) -> Option<()> {
        match &mut self.tracked {
            Some(window) if window.is_of(told.limit) => {
                if !window.hear(told) {
                    return None;
                }
            }
            new => *new = Some(TrackedWindow::new(told)),
        }
        let window = self.tracked?;
        let ends = window.kind() == ResetMeaning::Renews && window.is_proven();
        if !ends && used.own().is_some_and(|own| own.explains(told)) {
            self.restriction = None;
            return Some(());
        }
        let scarce = told.remaining < told.limit * heard.below;
        if window.kind() == ResetMeaning::Refills {
            let interval = whole(window.interval().ceil());
            let spent = told.limit - told.remaining + float(used.taken_since);
            let bucket = bucket(told.limit, spent, interval, told.sent);
            let kind = RestrictionKind::Bucket {
                bucket,
                scarce: scarce && interval > used.declared.interval,
            };
            let until = heard.believed(Instant::FAR);
            self.keep(Restriction { until, kind }, heard);
            return Some(());
        }
        // Calls that are sent after the end tell about the next window.
        if window.ends() <= heard.received {
            self.restriction = None;
            return Some(());
        }
        let until = heard.believed(window.ends());
        let left = window
            .remaining()
            .min(told.remaining - float(used.taken_since));
        let spacing = scarce.then(|| spacing(told, until, used)).flatten();
        self.keep(rest(left, until, spacing), heard);
        Some(())
    }
}

/// Returns the restriction by the rest of a window.
pub(super) const fn rest(left: f64, until: Instant, spacing: Option<Spacing>) -> Restriction {
    let kind = RestrictionKind::Rest { left, spacing };
    Restriction { until, kind }
}

/// Returns the distances by which calls like the answered one use up the rest of a window until its end. `None` if the
/// declared rate is slower. The last call comes one distance before the end.
fn spacing(told: &Statement, until: Instant, used: &RowUse) -> Option<Spacing> {
    let cost = used.cost.max(1);
    let tokens = told.remaining + float(cost);
    let interval = whole((until.since(told.sent).to_f64() / tokens).ceil());
    let spacing = Spacing {
        interval,
        next: told.sent,
    };
    let taken = spacing.price(cost.saturating_add(used.taken_since));
    (interval > used.declared.interval).then_some(Spacing {
        next: told.sent.after(taken),
        ..spacing
    })
}

/// Returns the restriction by a rest without a reset. The server's bucket is taken to fill at the row's own rate, which
/// a user declares by the server's.
pub(super) fn drained(
    limit: Option<f64>,
    remaining: f64,
    heard: &Observation<'_>,
    used: &RowUse,
) -> Restriction {
    let Shape { interval, capacity } = used.declared;
    let interval = interval.max(Span::SHORTEST);
    let limit = limit.unwrap_or_else(|| float(capacity / interval).max(remaining));
    let spent = limit - remaining + float(used.taken_since);
    let bucket = bucket(limit, spent, interval, heard.sent);
    let kind = RestrictionKind::Bucket {
        bucket,
        scarce: false,
    };
    let until = heard.believed(Instant::FAR);
    Restriction { until, kind }
}
