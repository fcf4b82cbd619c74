//! Feedback: consequences of what calls report, such as refusals, passes, and the rest of a server's limits.

use core::mem;

use crate::backoff::Backoff;
use crate::bucket::Bucket;
use crate::costs::Costs;
use crate::learning::AttemptRecord;
use crate::learning::DeclaredBucket;
use crate::learning::Observation;
use crate::limiter::fast_path::FastPath;
use crate::limiter::wake_list::WakeList;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::cooldown::PROBING;
use super::cooldown::Probe;
use super::faults::Faults;
use super::overflow::Overflow;
use super::rejection::Charge;
use super::rejection::FirstTrip;
use super::rejection::Rejection;
use super::spread::Spread;
use super::spread::Understood;
use super::why;

/// Largest divisor of the time for which nothing has passed, in the bound on a pause without a hint.
const MOST_PARTS: u64 = 32;

/// Longest round trip that is made up for, see [`LimiterState::passed`].
const LONGEST_TRIP: Span = Span::from_millis(100);

impl LimiterState {
    /// Handles a refusal. Returns its consequence for the call's wait.
    pub(in crate::limiter) fn refused(
        &mut self,
        refused: &Rejection<'_>,
        costs: &Costs,
        fast_path: &FastPath,
        now: Instant,
        wakes: &mut WakeList,
    ) -> Understood {
        self.took(refused.received.since(refused.sent));
        let passes = self.new_passes(fast_path);
        self.learnt.passed_before(passes, now);
        let charge = self.charge(refused, now);
        if charge == Charge::Concurrency {
            self.ended(refused.sent, now);
            return self.understand(refused, now).0;
        }
        let binds_all = self.count_and_judge(refused, now);
        if let (Some(heard), true) = (&refused.heard, binds_all) {
            self.learnt.hear_refusal(heard);
            self.assess_refusal((heard, costs), now);
        }
        let (understood, refills_at) = self.understand(refused, now);
        if !binds_all {
            self.ended(refused.sent, now);
            return understood;
        }
        let refused = Rejection {
            wait: understood.wait.or(refused.wait),
            for_its_rate: refused.for_its_rate && charge == Charge::Rate,
            ..*refused
        };
        let later = understood.later;
        self.hold_all_back((&refused, costs), later, fast_path, now, wakes);
        if let (Some(at), Some(heard)) = (refills_at, refused.heard) {
            // A refusal has ended all paces, also the one at which a bucket is known to refill.
            self.learnt.hear_refusal(&heard);
            self.reshape(fast_path, now);
            self.refill_at(at);
            self.expel_if_late(now, wakes);
        }
        understood
    }

    /// Returns the consequence of a refusal for the wait of its call, and the instant of the server's next token where
    /// that is known.
    pub(in crate::limiter) fn understand(
        &mut self,
        refused: &Rejection<'_>,
        now: Instant,
    ) -> (Understood, Option<Instant>) {
        let heard = refused.heard.as_ref();
        let refills_at = heard.and_then(|heard| self.learnt.refills_at(heard));
        let until = refills_at.filter(|_| refused.by_reset);
        let wait = until.map(|until| until.since(refused.received).max(Span::SHORTEST));
        let asked = wait.or(refused.wait);
        let asked = asked.map(|wait| wait.min(refused.longest));
        let later = asked.map_or(Span::ZERO, |asked| self.later(asked, refused.spread, now));
        (Understood { wait, later }, refills_at)
    }

    /// Counts a refusal, and returns whether it concerns all calls of the limiter.
    fn count_and_judge(&mut self, refused: &Rejection<'_>, now: Instant) -> bool {
        if !refused.counted {
            self.learnt.count_refusal(refused.retry, now);
        }
        let attempt = AttemptRecord {
            sent: refused.sent,
            retry: refused.retry,
            reopened: self.cooldown.last_end(),
            interval: self.bucket.shape.interval,
        };
        self.learnt.binds_all(attempt, now)
    }

    /// Closes for as long as a refusal asks, and learns which rate the server lets through.
    fn hold_all_back(
        &mut self,
        (refused, costs): (&Rejection<'_>, &Costs),
        later: Span,
        fast_path: &FastPath,
        now: Instant,
        wakes: &mut WakeList,
    ) {
        let is_new = self.learnt.refused(refused.sent, now);
        let wait = match refused.wait {
            Some(wait) => wait,
            // Refusals of calls that were in flight at the first refusal tell nothing new.
            None if !is_new => return,
            None => self.pause(refused.backoff, now),
        };
        let wait = wait.min(refused.longest).plus(later);
        let until = refused.received.after(wait);
        let why = if refused.wait.is_some() {
            why::ASKED
        } else {
            why::REFUSED
        };
        // A refusal ends the pace in force. `cool_down` forecasts with the bucket that follows.
        self.reshape(fast_path, now);
        self.cool_down(until, why, now, wakes);
        if self.cooldown.until() > now {
            self.probe_at_its_end();
        } else {
            self.ended(refused.sent, now);
        }
        if is_new && refused.for_its_rate {
            let at_fault = self.at_fault(refused, costs);
            self.refused_in_window(at_fault, now);
            let resumes = (self.cooldown.until().max(now), refused.wait.is_some());
            self.cut(at_fault, refused.sent, resumes, now);
            self.reshape(fast_path, now);
            self.expel(now, wakes);
        }
    }

    /// Lets one call go first at the end of the cooldown, whose answer shows whether the server has opened.
    pub(super) const fn probe_at_its_end(&mut self) {
        self.cooldown.arm(PROBING);
        self.exhausted = true;
    }

    /// Returns the time for which the limiter closes after a refusal without a hint.
    ///
    /// The second pause is as long as the first, so that all of them together double. But a long pause may
    /// outlast what caused it by far: so it is bounded by a part of the time for which nothing has passed.
    /// Each pause ends with a probe, which costs one of the waiting calls a retry, so the part is smaller
    /// the more calls wait.
    fn pause(&self, backoff: Backoff, now: Instant) -> Span {
        let strikes = self.learnt.strikes();
        let doubling = Span::of(backoff.plain(strikes.saturating_sub(1).max(1)));
        let least = Span::of(backoff.plain(1));
        let parts = (self.queue.waiting() as u64 + 2).min(MOST_PARTS);
        doubling.min(least.max(self.learnt.stopped_for(now) / parts))
    }

    /// Handles an answer, which is no refusal, to a call that was sent at `sent` and has taken `costs`.
    ///
    /// If the bucket was full when the call was sent, the server has been counting since the call arrived,
    /// and not since it was sent. Without a correction, the next calls would come too early by as much as the
    /// first one took longer to arrive than they do.
    pub(in crate::limiter) fn passed(
        &mut self,
        (sent, costs): (Instant, &Costs),
        retry: bool,
        fast_path: &FastPath,
        now: Instant,
    ) {
        if mem::take(&mut self.fresh) {
            self.first_trip = Some(FirstTrip {
                sent,
                answered: now,
            });
            self.put_off(now.since(sent).min(LONGEST_TRIP), now);
            self.learnt.begin(sent);
            self.begin_shares(sent);
        } else if let Some(first_trip) = &mut self.first_trip {
            // Of calls sent together the first answered need not be the first sent.
            let sooner = first_trip.sent.since(sent);
            if !sooner.is_zero() && first_trip.answered.since(sent) <= LONGEST_TRIP {
                first_trip.sent = sent;
                self.put_off(sooner, now);
            }
        }
        self.faults = Faults::NONE;
        self.learnt.passed(sent, retry, now);
        self.passed_in_rows(costs, sent, now);
        self.reshape(fast_path, now);
        self.ended(sent, now);
    }

    fn put_off(&mut self, span: Span, now: Instant) {
        if self.cooldown.until() > now {
            // The bucket begins anew at the end of the cooldown.
            return;
        }
        self.delayed = true;
        self.bucket.put_off(span);
        if let Some(declared) = &mut self.declared {
            declared.put_off(span);
        }
    }

    /// Handles the end of an attempt that was sent at `sent`, whatever its outcome.
    pub(in crate::limiter) fn ended(&mut self, sent: Instant, now: Instant) {
        if self.cooldown.answered(sent) {
            self.empty(now);
            self.refilled = None;
            // The probe may have taken longer than forecast.
            self.delayed = true;
        }
    }

    /// Handles what the response to a call that has taken `costs` told of the server's limits. `own`: the declared bucket.
    pub(in crate::limiter) fn hear(
        &mut self,
        (heard, costs): (&Observation<'_>, &Costs),
        own: Option<DeclaredBucket>,
        spread: Spread,
        fast_path: &FastPath,
        now: Instant,
        wakes: &mut WakeList,
    ) {
        let paced = self.learnt.ages_at().is_some();
        self.took(heard.received.since(heard.sent));
        let assessment = self.assess((heard, costs), own, now);
        // The observation may arrive long after the response was received.
        self.learnt.age(now);
        self.reshape(fast_path, now);
        let outlasted = paced && self.learnt.ages_at().is_none();
        if outlasted {
            self.empty(now);
        }
        if let Some(closed_until) = assessment.closed_until.filter(|&until| until > now) {
            let asked = closed_until.since(heard.received);
            let until = closed_until + self.later(asked, spread, now);
            self.cool_down(until, why::USED_UP, now, wakes);
            self.probe_at_its_end();
        }
        if let Some(at) = assessment.refills_at {
            self.refill_at(at);
        }
        if let (Some(left), None) = (assessment.level, &self.remote) {
            self.bucket.tat = self
                .bucket
                .tat
                .max(Bucket::holding(left, self.bucket.shape, now));
        }
        if assessment.is_clear() {
            self.renew(heard, outlasted, now);
        }
        self.tell_pace(now);
        self.expel_if_late(now, wakes);
    }

    /// Empties the bucket; its next token comes at `at`. A bucket in a store is left to the store.
    pub(in crate::limiter) fn refill_at(&mut self, at: Instant) {
        if self.remote.is_none() {
            self.bucket.reopen(at);
        }
    }

    /// Records a round trip.
    pub(in crate::limiter) fn took(&mut self, round_trip: Span) {
        self.round_trip = (self.round_trip - self.round_trip / 8).max(round_trip);
    }

    /// Returns the declared bucket, if it is this process's alone.
    pub(in crate::limiter) fn own(&self, now: Instant) -> Option<DeclaredBucket> {
        let left = self.declared.unwrap_or(self.bucket).available(now);
        let burst = self.quota().burst().get();
        self.remote
            .is_none()
            .then_some(DeclaredBucket { burst, left })
    }

    /// Applies the declared and the learnt limits; tokens used up stay used up.
    pub(in crate::limiter) fn reshape(&mut self, fast_path: &FastPath, now: Instant) {
        let declared = self.declared_shape;
        let plain = self.share_of(0, declared);
        let to = self.learnt.tighten(plain);
        let bucket = match self.declared.take() {
            None if to == plain || self.remote.is_some() => None,
            declared => {
                let mut declared = declared.unwrap_or(self.bucket);
                declared.reshape_keeping(self.observes(), plain, now);
                Some(declared)
            }
        };
        self.reshape_rows(now);
        let changes = to != self.bucket.shape;
        if changes && self.keeps_debt() {
            let from = now.max(self.cooldown.until());
            self.overflow(from, Span::ZERO);
            let used = self.bucket.used_in(to, from);
            self.bucket.reshape_with_debt(to, from);
            self.forget_peaks(from);
            // Of tokens that a smaller bucket has no room for, it is not known any more that they are used.
            if used > to.capacity {
                self.overflowed = Overflow::by(now.after(Span::SHORTEST));
            }
        } else if changes {
            self.bucket.reshape(to, now);
            self.forget_peaks(now);
        }
        match bucket {
            // The declared bucket may have filled up meanwhile, but its tokens are not released all at once.
            Some(declared) if to == plain => {
                self.refilled.get_or_insert(declared);
                self.bucket.tat = self.bucket.tat.max(declared.tat);
                self.bucket.reopen(now);
            }
            bucket => self.declared = bucket,
        }
        if !changes {
            return;
        }
        if self.cooldown.until() > now {
            self.bucket.reopen(self.cooldown.until());
        }
        fast_path.reshape(to);
    }

    /// Returns whether the limiter learns something from calls that pass.
    pub(in crate::limiter) fn is_attentive(&self) -> bool {
        !self.takes_nothing() && self.learns()
    }

    fn learns(&self) -> bool {
        let probing = self.cooldown.probe() != Probe::Off;
        self.strict.is_some()
            || self.has_strict_row()
            || self.fresh
            || probing
            || self.faults.any()
            || !self.learnt.is_nothing()
            || self.measures_rows()
    }
}
