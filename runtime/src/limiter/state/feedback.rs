//! Feedback: consequences of what calls report, such as refusals, passes, and the rest of a server's limits.

use core::mem;

use crate::backoff::Backoff;
use crate::bucket;
use crate::clock;
use crate::learning::AttemptRecord;
use crate::learning::DeclaredBucket;
use crate::learning::Observation;
use crate::limiter::fast_path::FastPath;
use crate::limiter::wake_list::WakeList;

use super::LimiterState;
use super::cooldown::PROBING;
use super::cooldown::Probe;
use super::faults::Faults;
use super::level::Level;
use super::news::why;
use super::rejection::FirstTrip;
use super::rejection::Rejection;
use super::spread::Spread;
use super::spread::Understood;

/// Largest divisor of the time for which nothing has passed, in the bound on a pause without a hint.
const MOST_PARTS: u64 = 32;

/// Longest round trip that is made up for, see [`LimiterState::passed`].
const LONGEST_TRIP: u64 = 100_000_000;

impl LimiterState {
    /// Handles a refusal. Returns its consequence for the call's wait.
    pub(in crate::limiter) fn refused(
        &mut self,
        refused: &Rejection<'_>,
        fast_path: &FastPath,
        now: u64,
        wakes: &mut WakeList,
    ) -> Understood {
        self.took(refused.received.saturating_sub(refused.sent));
        let passes = self.new_passes(fast_path);
        self.learnt.passed_before(passes, now);
        let binds_all = self.count_and_judge(refused, now);
        let refills_at = refused.heard.and_then(|heard| {
            if binds_all {
                self.learnt.hear_refusal(&heard);
            }
            self.learnt.refills_at(&heard)
        });
        let until = refills_at.filter(|_| refused.by_reset);
        let wait = until.map(|until| until.saturating_sub(refused.received).max(1));
        let refused = Rejection {
            wait: wait.or(refused.wait),
            ..*refused
        };
        let asked = refused.wait.map(|wait| wait.min(refused.longest));
        let later = asked.map_or(0, |asked| self.later(asked, refused.spread, now));
        let understood = Understood { wait, later };
        if !binds_all {
            self.ended(refused.sent, now);
            return understood;
        }
        self.hold_all_back(&refused, later, fast_path, now, wakes);
        if let (Some(at), Some(heard)) = (refills_at, refused.heard) {
            // A refusal has ended all paces, also the one at which a bucket is known to refill.
            self.learnt.hear_refusal(&heard);
            self.reshape(fast_path, now);
            self.refill_at(at);
            self.expel_if_late(now, wakes);
        }
        understood
    }

    /// Counts a refusal, and returns whether it concerns all calls of the limiter.
    fn count_and_judge(&mut self, refused: &Rejection<'_>, now: u64) -> bool {
        if !refused.counted {
            self.learnt.count_refusal(refused.retry, now);
        }
        let attempt = AttemptRecord {
            sent: refused.sent,
            retry: refused.retry,
            reopened: self.cooldown.until(),
            interval: self.shape.interval,
        };
        self.learnt.binds_all(attempt, now)
    }

    /// Closes for as long as a refusal asks, and learns which rate the server lets through.
    fn hold_all_back(
        &mut self,
        refused: &Rejection<'_>,
        later: u64,
        fast_path: &FastPath,
        now: u64,
        wakes: &mut WakeList,
    ) {
        let is_new = self.learnt.refused(refused.sent, now);
        let wait = match refused.wait {
            Some(wait) => wait,
            // Refusals of calls that were in flight at the first refusal tell nothing new.
            None if !is_new => return,
            None => self.pause(refused.backoff, now),
        };
        let wait = wait.min(refused.longest).saturating_add(later);
        let until = refused.received.saturating_add(wait);
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
            self.refused_in_window(now);
            let resumes = self.cooldown.until().max(now);
            self.learnt
                .cut(resumes, refused.wait.is_some(), self.declared);
            self.reshape(fast_path, now);
            self.expel(now, wakes);
        }
    }

    /// Lets one call go first at the end of the cooldown, whose answer shows whether the server has opened.
    pub(super) const fn probe_at_its_end(&mut self) {
        self.cooldown.arm(PROBING);
        self.exhausted = true;
    }

    /// Returns the nanoseconds for which the limiter closes after a refusal without a hint.
    ///
    /// The second pause is as long as the first, so that all of them together double. But a long pause may
    /// outlast what caused it by far: so it is bounded by a part of the time for which nothing has passed.
    /// Each pause ends with a probe, which costs one of the waiting calls a retry, so the part is smaller
    /// the more calls wait.
    fn pause(&self, backoff: Backoff, now: u64) -> u64 {
        let strikes = self.learnt.strikes();
        let doubling = clock::nanos(backoff.plain(strikes.saturating_sub(1).max(1)));
        let least = clock::nanos(backoff.plain(1));
        let parts = (self.queue.waiting() as u64 + 2).min(MOST_PARTS);
        doubling.min(least.max(self.learnt.stopped_for(now) / parts))
    }

    /// Handles an answer, which is no refusal, to a call that was sent at `sent`.
    ///
    /// If the bucket was full when the call was sent, the server has been counting since the call arrived,
    /// and not since it was sent. Without a correction, the next calls would come too early by as much as the
    /// first one took longer to arrive than they do.
    pub(in crate::limiter) fn passed(
        &mut self,
        sent: u64,
        retry: bool,
        fast_path: &FastPath,
        now: u64,
    ) {
        if mem::take(&mut self.fresh) {
            self.first_trip = Some(FirstTrip {
                sent,
                answered: now,
            });
            self.put_off(now.saturating_sub(sent).min(LONGEST_TRIP), now);
            self.learnt.begin(sent);
        } else if let Some(first_trip) = &mut self.first_trip {
            // Of calls sent together the first answered need not be the first sent.
            let sooner = first_trip.sent.saturating_sub(sent);
            if sooner > 0 && first_trip.answered.saturating_sub(sent) <= LONGEST_TRIP {
                first_trip.sent = sent;
                self.put_off(sooner, now);
            }
        }
        self.faults = Faults::NONE;
        self.learnt.passed(sent, retry, now);
        self.reshape(fast_path, now);
        self.ended(sent, now);
    }

    fn put_off(&mut self, nanos: u64, now: u64) {
        if self.cooldown.until() > now {
            // The bucket begins anew at the end of the cooldown.
            return;
        }
        self.delayed = true;
        self.tat = self.tat.saturating_add(nanos);
        if let Some(declared_level) = &mut self.declared_level {
            declared_level.put_off(nanos);
        }
    }

    /// Handles the end of an attempt that was sent at `sent`, whatever its outcome.
    pub(in crate::limiter) fn ended(&mut self, sent: u64, now: u64) {
        if self.cooldown.answered(sent) {
            self.empty(now);
            self.refilled = None;
            // The probe may have taken longer than forecast.
            self.delayed = true;
        }
    }

    /// Handles what a response told of the server's limits. `own`: the declared bucket.
    pub(in crate::limiter) fn hear(
        &mut self,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
        spread: Spread,
        fast_path: &FastPath,
        now: u64,
        wakes: &mut WakeList,
    ) {
        let paced = self.learnt.ages_at().is_some();
        self.took(heard.received.saturating_sub(heard.sent));
        let assessment = self.learnt.hear(heard, own);
        // The observation may arrive long after the response was received.
        self.learnt.age(now);
        self.reshape(fast_path, now);
        let outlasted = paced && self.learnt.ages_at().is_none();
        if outlasted {
            self.empty(now);
        }
        if assessment.closed_until > now {
            let asked = assessment.closed_until.saturating_sub(heard.received);
            let until = assessment.closed_until + self.later(asked, spread, now);
            self.cool_down(until, why::USED_UP, now, wakes);
            self.probe_at_its_end();
        }
        if assessment.refills_at > 0 {
            self.refill_at(assessment.refills_at);
        }
        if let (Some(left), None) = (assessment.level, &self.remote) {
            self.tat = self.tat.max(bucket::holding(left, self.shape, now));
        }
        if assessment.is_clear() {
            self.renew(heard, outlasted, now);
        }
        self.tell_pace(now);
        self.expel_if_late(now, wakes);
    }

    /// Empties the bucket; its next token comes at `at`. A bucket in a store is left to the store.
    pub(in crate::limiter) fn refill_at(&mut self, at: u64) {
        if self.remote.is_none() {
            self.tat = bucket::reopen(self.tat, self.shape, at);
        }
    }

    /// Records a round trip.
    pub(in crate::limiter) fn took(&mut self, nanos: u64) {
        self.round_trip = (self.round_trip - self.round_trip / 8).max(nanos);
    }

    /// Returns the declared bucket, if it is this process's alone.
    pub(in crate::limiter) fn own(&self, now: u64) -> Option<DeclaredBucket> {
        let left = match &self.declared_level {
            Some(declared_level) => declared_level.available(now),
            None => bucket::available(self.tat, self.shape, now),
        };
        let burst = self.quota().burst().get();
        self.remote
            .is_none()
            .then_some(DeclaredBucket { burst, left })
    }

    /// Applies the declared and the learnt limits; tokens used up stay used up.
    pub(in crate::limiter) fn reshape(&mut self, fast_path: &FastPath, now: u64) {
        let declared = self.declared;
        let (plain, to) = (
            self.learnt.share_of(declared),
            self.learnt.tighten(declared),
        );
        let declared_level = match self.declared_level.take() {
            Some(mut declared_level) => {
                declared_level.reshape(plain, now);
                Some(declared_level)
            }
            None if to == plain || self.remote.is_some() => None,
            None => Some(Level::new(
                bucket::rescale(self.tat, self.shape, plain, now),
                plain,
            )),
        };
        if to != self.shape {
            self.tat = bucket::rescale(self.tat, self.shape, to, now);
        }
        match declared_level {
            // The declared bucket may have filled up meanwhile, but its tokens are not released all at once.
            Some(declared_level) if to == plain => {
                self.refilled.get_or_insert(declared_level);
                self.tat = bucket::reopen(self.tat.max(declared_level.tat()), to, now);
            }
            declared_level => self.declared_level = declared_level,
        }
        if to == self.shape {
            return;
        }
        if self.cooldown.until() > now {
            self.tat = bucket::reopen(self.tat, to, self.cooldown.until());
        }
        self.shape = to;
        fast_path.reshape(to);
    }

    /// Returns whether the limiter learns something from calls that pass.
    pub(in crate::limiter) fn is_attentive(&self) -> bool {
        let probing = self.cooldown.probe() != Probe::Off;
        self.strict.is_some()
            || self.fresh
            || probing
            || self.faults.any()
            || !self.learnt.is_nothing()
    }
}
