//! Modes other than `Enforce`: calls pass at once, and a limiter that observes says what would have held them back.
//!
//! Calls that pass draw tokens with a debt, which stands for the queue that they would have formed: the wait of a call is
//! the time until its tokens are there. A call that would have been refused takes nothing, as one that is refused.

use core::time::Duration;

use crate::bucket::Bucket;
use crate::costs::Costs;
use crate::costs::TotalCosts;
use crate::events::HeldBack;
use crate::limiter::counts::observed::Observed;
use crate::limiter::request::Priority;
use crate::limiter::request::Refusal;
use crate::limiter::request::Request;
use crate::limiter::wake_list::WakeList;
use crate::mode::Mode;
use crate::row::REQUESTS;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::Next;
use super::waiter::Waiter;
use super::why;

/// Wait that a call would have had.
#[derive(Clone, Copy, Debug)]
struct Foreseen {
    /// Instant of its permit.
    due: Instant,
    /// Limit that has the tokens last. `None`: it is the end of a cooldown, or another limiter's permit.
    row: Option<usize>,
}

impl LimiterState {
    /// Changes the mode. Returns the one before. Waiters are released when permits are granted next.
    pub(in crate::limiter) fn set_mode(&mut self, mode: Mode, now: Instant) -> Mode {
        let before = core::mem::replace(&mut self.mode, mode);
        match before {
            Mode::Observe if mode != before => self.bound_debt(now),
            Mode::Off if mode != before => self.off_until = now.after(Span::SHORTEST),
            _ => {}
        }
        before
    }

    /// Returns whether calls are held back.
    #[inline]
    pub(in crate::limiter) fn enforces(&self) -> bool {
        self.mode == Mode::Enforce
    }

    /// Returns whether permits take no tokens.
    pub(super) fn takes_nothing(&self) -> bool {
        self.mode == Mode::Off
    }

    /// Returns whether nothing is given back of a permit that was granted at `instant`: it may have taken no tokens, or
    /// nothing is accounted for now.
    pub(super) fn took_nothing(&self, instant: Instant) -> bool {
        self.takes_nothing() || instant < self.off_until
    }

    /// Returns whether tokens are drawn with a debt.
    pub(in crate::limiter) fn observes(&self) -> bool {
        self.mode == Mode::Observe
    }

    /// Returns whether the bucket may owe tokens of calls that were not held back.
    pub(super) fn is_in_debt(&mut self, now: Instant) -> bool {
        self.in_debt = self.in_debt && self.bucket.tat > now + self.bucket.shape.capacity;
        self.in_debt
    }

    /// Returns whether a debt stays when the bucket changes its shape.
    pub(super) const fn keeps_debt(&self) -> bool {
        self.needs_lock() || self.in_debt || matches!(self.mode, Mode::Observe)
    }

    /// Takes a permit at once if no caller waits for one, or if callers are not held back.
    pub(in crate::limiter) fn admit(
        &mut self,
        request: &Request,
        now: Instant,
    ) -> Result<(), Refusal> {
        match self.mode {
            Mode::Enforce => self.take(request, now),
            Mode::Observe | Mode::Off => self.pass(request, Instant::EPOCH, now),
        }
    }

    /// Takes a permit for a caller that does not wait, or lets it pass if callers are not held back.
    pub(in crate::limiter) fn admit_now(
        &mut self,
        request: &Request,
        now: Instant,
    ) -> Result<(), Refusal> {
        match self.mode {
            Mode::Enforce => self.try_take(request, now),
            Mode::Observe | Mode::Off => {
                let request = Request {
                    latest: now,
                    ..*request
                };
                self.pass(&request, Instant::EPOCH, now)
            }
        }
    }

    /// Lets a call pass, and says what would have held it back. `after`: instant of a permit that it needs beside it.
    pub(in crate::limiter) fn pass(
        &mut self,
        request: &Request,
        after: Instant,
        now: Instant,
    ) -> Result<(), Refusal> {
        if self.shut {
            return Err(Refusal::Shut);
        }
        if self.mode == Mode::Observe {
            self.observe(request, after, now);
        }
        self.take_slot(request.priority, &request.costs, now);
        self.cover_calls();
        Ok(())
    }

    /// Draws the tokens of a call, and counts the wait or the refusal that it would have met.
    fn observe(&mut self, request: &Request, after: Instant, now: Instant) {
        let costs = &request.costs;
        if let Some((row, _)) = self.too_large(costs) {
            return self.would_refuse(Some(row), costs, now);
        }
        let foreseen = self.foresee(costs, after, now);
        let is_refused = foreseen.due > request.latest
            || self.closed_from(now) > request.max_pause
            || self.no_store(request.latest, now).is_some();
        if request.refusable && is_refused {
            return self.would_refuse(foreseen.row, costs, now);
        }
        self.draw_with_debt(costs, request.reports, now);
        if foreseen.due > now && request.priority != Priority::Returned {
            self.would_wait(foreseen, now);
        }
    }

    /// Draws the tokens of a call that another limiter counts. Returns the instant at which they would have been there.
    pub(in crate::limiter) fn draw_for_another(
        &mut self,
        request: &Request,
        now: Instant,
    ) -> Instant {
        if self.mode != Mode::Observe {
            return Instant::EPOCH;
        }
        let foreseen = self.foresee(&request.costs, Instant::EPOCH, now);
        self.draw_with_debt(&request.costs, request.reports, now);
        foreseen.due
    }

    /// Returns the permit of a call behind those that have drawn before.
    fn foresee(&self, costs: &Costs, after: Instant, now: Instant) -> Foreseen {
        let (due, row) = self.due_and_row(&TotalCosts::default().and(costs), now);
        let opens = self.cooldown.held_until().max(after).max(now);
        Foreseen {
            due: due.max(after),
            row: (due > opens).then_some(row),
        }
    }

    /// Returns the time for which a cooldown still lasts.
    fn closed_from(&self, now: Instant) -> Span {
        self.cooldown
            .closed_in_all()
            .minus(self.cooldown.closed_for(now))
    }

    fn would_wait(&mut self, Foreseen { due, row }: Foreseen, now: Instant) {
        let wait = due.since(now);
        let counts = self.observed.get_or_insert_default();
        counts.wait(wait, row);
        if counts.interval.try_begin(now) {
            self.announced.held_back = Some(self.held_back(Some(wait), row, now));
        }
    }

    fn would_refuse(&mut self, row: Option<usize>, costs: &Costs, now: Instant) {
        let counts = self.observed.get_or_insert_default();
        counts.unpaid.note(costs, now);
        counts.refuse(row);
        if counts.interval.try_begin(now) {
            self.announced.held_back = Some(self.held_back(None, row, now));
        }
    }

    /// Returns whether a call that passed at `since` would have been refused, and has taken nothing.
    pub(super) fn is_unpaid(&mut self, costs: &Costs, since: Instant) -> bool {
        let counts = self.observed.as_mut();
        counts.is_some_and(|counts| counts.unpaid.take(costs, since))
    }

    /// Returns what an event says of a call that would have waited, or would have been refused.
    fn held_back(&self, wait: Option<Span>, row: Option<usize>, now: Instant) -> HeldBack {
        let rows = self.rows.as_ref();
        let unit = row.map(|row| rows.map_or(REQUESTS, |rows| rows.unit(row)));
        let why = if self.cooldown.until() > now {
            self.announced.why
        } else {
            why::QUEUE
        };
        HeldBack {
            wait: wait.map(Duration::from),
            unit,
            why,
        }
    }

    /// Returns the counts of all calls.
    pub(super) fn observed_in_all(&self) -> Observed {
        let counts = self.observed.as_ref();
        counts.map_or(Observed::default(), |counts| counts.all)
    }

    /// Returns the counts of the limit at `row`.
    pub(super) fn observed_of(&self, row: usize) -> Observed {
        let counts = self.observed.as_ref();
        counts.map_or(Observed::default(), |counts| counts.rows[row])
    }

    /// Takes the costs out of all limits, whatever they hold.
    fn draw_with_debt(&mut self, costs: &Costs, reports: bool, now: Instant) {
        if self.cooldown.until() <= now {
            self.cooldown.granted(reports, now);
        }
        let remote = self.remote.as_mut();
        let is_charged = remote.is_some_and(|remote| remote.charge_call(costs, now));
        if is_charged {
            // Until the store answers.
            self.bucket.overdraw(u64::from(costs.of(0)), now);
        } else if costs.of(0) > 0 {
            self.draw_first_with_debt(costs.of(0), now);
        }
        let Some(rows) = &mut self.rows else { return };
        rows.first.take(u64::from(costs.of(0)), now);
        for (row, state) in (1..).zip(&mut rows.others) {
            state.overdraw(u64::from(costs.of(row)), now);
        }
    }

    fn draw_first_with_debt(&mut self, cost: u32, now: Instant) {
        self.overflow(now, Span::ZERO);
        self.record_peak(now);
        self.log_permit(cost, now);
        let shape = self.bucket.shape;
        if let Some(remote) = &mut self.remote {
            if remote.charge(cost, shape, now) {
                return;
            }
        }
        for bucket in self.own_buckets() {
            bucket.overdraw(u64::from(cost), now);
        }
    }

    /// Adds to the bucket's debt what the store has not been told of yet.
    pub(super) fn add_untold_debt(&mut self, now: Instant) {
        let owed = self.remote.as_ref().map_or(0, |remote| remote.owed());
        if owed > 0 {
            self.bucket.overdraw(u64::from(owed), now);
        }
    }

    /// Returns the bucket in force, and those that may follow it.
    fn own_buckets(&mut self) -> impl Iterator<Item = &mut Bucket> {
        let others = [&mut self.declared, &mut self.refilled];
        core::iter::once(&mut self.bucket).chain(others.into_iter().flatten())
    }

    /// Returns the debt of calls that were not held back, from the end of a cooldown on.
    pub(super) fn queued_debt(&self, now: Instant) -> Span {
        let Bucket { tat, shape } = self.bucket;
        if !self.observes() {
            return Span::ZERO;
        }
        // One token is free at the end of a cooldown.
        let closed = self.cooldown.until().since(now);
        let empty = if closed.is_zero() {
            shape.capacity
        } else {
            shape.capacity - shape.interval
        };
        tat.since(now.after(closed) + empty)
    }

    /// Puts calls that were not held back behind the end of a cooldown, as those that wait are.
    pub(super) fn requeue(&mut self, debt: Span, until: Instant) {
        let Bucket { tat, shape } = self.bucket;
        let empty = until.after(shape.capacity - shape.interval);
        self.bucket.tat = tat.max(empty.after(debt));
    }

    /// Limits the debts to the tokens of one period, since callers wait for them from now on.
    fn bound_debt(&mut self, now: Instant) {
        let from = now.max(self.cooldown.until());
        let most = self.quota().rate().period();
        let owed = self.bucket;
        for bucket in self.own_buckets() {
            bucket.bound_debt(most, from);
        }
        if self.bucket != owed {
            self.forget_peaks(now);
        }
        for row in self.rows.iter_mut().flat_map(|rows| &mut rows.others) {
            row.bound_debt(now);
        }
        self.in_debt = true;
        self.delayed = true;
    }

    /// Grants the permits that are due, or all if callers are not held back.
    pub(in crate::limiter) fn grant_or_release(
        &mut self,
        now: Instant,
        wakes: &mut WakeList,
    ) -> Next {
        if self.enforces() || self.shut {
            self.grant(now, wakes)
        } else {
            self.release_all(now, wakes)
        }
    }

    /// Grants a permit to each waiter, in order, since they are not held back any more.
    fn release_all(&mut self, now: Instant, wakes: &mut WakeList) -> Next {
        while let Some(head) = self.queue.head() {
            if wakes.is_full() {
                return Next::More;
            }
            let &Waiter {
                priority, reports, ..
            } = self.queue.waiter(head);
            let request = Request {
                costs: self.queue.costs(head),
                priority,
                reports,
                refusable: false,
                ..Request::ONE
            };
            if self.observes() {
                self.observe(&request, Instant::EPOCH, now);
            }
            self.take_slot(priority, &request.costs, now);
            self.account(head, now);
            wakes.add(self.queue.grant(head, Instant::FAR, now));
        }
        self.cover_calls();
        self.plan_requests(now);
        Next::Idle
    }
}
