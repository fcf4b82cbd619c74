//! Limits that a limiter learns from responses, beyond the declared quota. Pure: no clock, no lock, no I/O.
//!
//! Two limits are learnt, and each of them can only lower the declared rate.
//!
//! * The *pace* comes from hints. It spreads the rest of a server's window over the time to its reset, and ends there.
//! * The *share* comes from refusals. It is the part of the declared rate that the server turns out to accept.

mod concurrency;
mod evidence;
mod rate_factor;
mod restriction;
mod routing;
mod row_learning;
mod row_share;
mod row_window;
mod spoken;
mod window;
mod windows;

use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

pub(crate) use self::concurrency::Cause;
pub(crate) use self::concurrency::ConcurrencyLimit;
pub(crate) use self::concurrency::RefusedCall;
pub(crate) use self::evidence::AttemptRecord;
use self::evidence::Evidence;
use self::rate_factor::AcceptedShare;
pub(crate) use self::routing::Oddities;
pub(crate) use self::routing::Routes;
pub(crate) use self::routing::row_of_resource;
#[cfg(all(test, feature = "http"))]
pub(crate) use self::row_learning::RowAssessment;
pub(crate) use self::row_learning::RowLearning;
pub(crate) use self::row_share::RowShare;
pub(crate) use self::row_share::at_share;
pub(crate) use self::row_window::RowUse;
pub(crate) use self::windows::Assessment;
pub(crate) use self::windows::DeclaredBucket;
pub(crate) use self::windows::Observation;
pub(crate) use self::windows::Pace;
use self::windows::TrackedWindows;

/// State of everything that a limiter has learnt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Learnt {
    share: AcceptedShare,
    windows: TrackedWindows,
    evidence: Evidence,
}

impl Learnt {
    /// State of a limiter that has learnt nothing.
    pub(crate) const NOTHING: Self = Self {
        share: AcceptedShare::WHOLE,
        windows: TrackedWindows::UNKNOWN,
        evidence: Evidence::NONE,
    };

    /// Returns whether the declared bucket applies unchanged and no successes have to be counted, so that the fast
    /// path may skip the reports.
    pub(crate) fn is_nothing(&self) -> bool {
        self.share.is_settled() && self.windows.pace().is_none() && self.evidence.is_none()
    }

    /// Returns the bucket in force: the declared one that is slowed down to the share, slowed down to the pace.
    pub(crate) fn tighten(&self, shared: Shape) -> Shape {
        match self.windows.pace() {
            // One token of capacity: the rest of a window is spread evenly, without a burst.
            Some(pace) if pace.interval > shared.interval => Shape {
                interval: pace.interval,
                capacity: pace.interval,
            },
            _ => shared,
        }
    }

    /// Returns the part of the declared rate that the server accepts, above 0 and at most 1.
    pub(crate) const fn share(&self) -> f64 {
        self.share.value()
    }

    /// Returns the declared bucket, slowed down to the share.
    pub(crate) fn share_of(&self, declared: Shape) -> Shape {
        at_share(declared, self.share.value())
    }

    /// Removes the paces that have ended. Returns whether the pace in force has changed.
    pub(crate) fn age(&mut self, now: Instant) -> bool {
        self.windows.age(now)
    }

    /// Returns the instant at which the pace in force ends.
    pub(crate) fn ages_at(&self) -> Option<Instant> {
        self.windows.pace().map(|pace| pace.until)
    }

    /// Returns the pace in force.
    pub(crate) fn pace(&self) -> Option<Pace> {
        self.windows.pace()
    }

    /// Starts to count accepted calls at `sent`, when a full bucket is used again.
    pub(crate) fn begin(&mut self, sent: Instant) {
        self.share.begin(sent);
    }

    /// Counts attempts that were accepted on the fast path, where they are not reported one by one.
    pub(crate) fn passed_before(&mut self, count: u64, now: Instant) {
        self.evidence.passed_before(count, now);
    }

    /// Counts an attempt that was refused, for [`binds_all`](Self::binds_all).
    pub(crate) fn count_refusal(&mut self, retry: bool, now: Instant) {
        self.evidence.refused(retry, now);
    }

    /// Returns whether a refusal applies to all calls of the limiter, and not only to its own call.
    pub(crate) fn binds_all(&self, attempt: AttemptRecord, now: Instant) -> bool {
        self.evidence.binds_all(attempt, now)
    }

    /// Records the refusal of a call that was sent at `sent`. Returns whether it is new: a call that was sent before
    /// the last refusal arrived is refused for the same reason as that one.
    pub(crate) fn refused(&mut self, sent: Instant, now: Instant) -> bool {
        let is_new = self.share.refused(sent, now);
        if is_new {
            self.windows.doubt();
        }
        is_new
    }

    /// Returns the number of new refusals since the last accepted call.
    pub(crate) const fn strikes(&self) -> u32 {
        self.share.strikes()
    }

    /// Returns the time since the first of these refusals.
    pub(crate) const fn stopped_for(&self, now: Instant) -> Span {
        self.share.stopped_for(now)
    }

    /// Cuts the share after a new refusal. Calls are sent again at `resumes`; `told`: the server set that instant.
    pub(crate) fn cut(&mut self, resumes: Instant, told: bool, declared: Shape) {
        self.share.cut(resumes, told, declared);
    }

    /// Leaves the share as it is after a new refusal that another limit has caused. Calls are sent again at `resumes`.
    pub(crate) fn spare(&mut self, resumes: Instant) {
        self.share.spare(resumes);
    }

    /// Records an accepted attempt that was sent at `sent`.
    pub(crate) fn passed(&mut self, sent: Instant, retry: bool, now: Instant) {
        self.share.passed(1, sent, now);
        self.evidence.passed(sent, retry, now);
    }

    /// Records the hint of an accepted call. `own` is the declared bucket, where its state is known.
    pub(crate) fn hear(
        &mut self,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
    ) -> Assessment {
        let own = own.filter(|_| self.share.is_unrefuted());
        self.windows.hear(heard, own)
    }

    /// Records the windows of an accepted call that are about `row`, whose bucket this is.
    pub(crate) fn hear_routed(
        &mut self,
        routes: &Routes<'_>,
        row: usize,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
    ) -> Assessment {
        let own = own.filter(|_| self.share.is_unrefuted());
        let windows: Vec<_> = routes.of_row(row).copied().collect();
        self.windows.hear_each(&windows, heard, own)
    }

    /// Records the hint of a refused call. The cooldown after a refusal is decided elsewhere, so the assessment is
    /// dropped.
    pub(crate) fn hear_refusal(&mut self, heard: &Observation<'_>) {
        self.windows.hear(heard, None);
    }

    /// Returns the instant of the next token, if each exhausted window of the hint is known to refill token by token.
    pub(crate) fn refills_at(&self, heard: &Observation<'_>) -> Option<Instant> {
        self.windows.refills_at(heard)
    }
}

#[cfg(test)]
mod tests;
