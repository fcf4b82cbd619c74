//! Share of the rate of one of several limits that the server accepts, measured in the tokens of that limit.

use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

use super::rate_factor::AcceptedShare;

/// Returns the shape with a share of its rate.
pub(crate) fn at_share(declared: Shape, share: f64) -> Shape {
    if share >= 1.0 {
        return declared;
    }
    let slower = (declared.interval.to_f64() / share).ceil();
    let interval = Span::from_f64(slower).max(declared.interval);
    Shape {
        interval,
        capacity: declared.capacity.max(interval),
    }
}

/// Accepted share of one limit, of which calls take different amounts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowShare(AcceptedShare);

impl RowShare {
    /// The declared rate, and no measurement.
    pub(crate) const WHOLE: Self = Self(AcceptedShare::WHOLE);

    /// Returns the part of the declared rate that the server accepts, above 0 and at most 1.
    pub(crate) const fn value(&self) -> f64 {
        self.0.value()
    }

    /// Returns the declared bucket, slowed down to the share.
    pub(crate) fn share_of(&self, declared: Shape) -> Shape {
        at_share(declared, self.0.value())
    }

    /// Returns whether the share is 1, and no calls have to be counted.
    pub(crate) fn is_settled(&self) -> bool {
        self.0.is_settled()
    }

    /// Starts to count accepted calls at `sent`, when a full bucket is used again.
    pub(crate) fn begin(&mut self, sent: Instant) {
        self.0.begin(sent);
    }

    /// Cuts the share after the refusal, heard at `now`, of a call that was sent at `sent`. Calls are sent again at
    /// `resumes`; `told`: the server set that instant.
    pub(crate) fn cut(
        &mut self,
        (sent, now): (Instant, Instant),
        (resumes, told): (Instant, bool),
        declared: Shape,
    ) {
        if self.0.refused(sent, now) {
            self.0.cut(resumes, told, declared);
        }
    }

    /// Leaves the share as it is after a refusal that is not about this limit.
    pub(crate) fn spare(&mut self, resumes: Instant) {
        self.0.spare(resumes);
    }

    /// Records an accepted attempt that was sent at `sent` and took so many tokens of the limit.
    pub(crate) fn passed(&mut self, tokens: u64, sent: Instant, now: Instant) {
        if tokens > 0 {
            let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
            self.0.passed(tokens, sent, now);
        }
    }
}
