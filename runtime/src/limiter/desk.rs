//! What is behind a limiter's lock: the bucket, the cooldown and the queue, and the rules by which
//! permits are granted. Takes the time as an argument and touches no timer.

use core::mem;
use core::time::Duration;

use crate::bucket;
use crate::bucket::Shape;
use crate::learning::Learnt;
use crate::quota::Quota;

use super::gate::CREDIT;
use super::gate::Gate;
use super::kept::Kept;
use super::lessons::Probe;
use super::lessons::Way;
use super::queue::Queue;
use super::snapshot::Waits;
use super::spilling::Spilt;
use super::supply::Supply;
use super::waiter::Line;
use super::waiter::State;
use super::waiter::Waiter;
use super::wakes::Wakes;

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A permit would come at this instant, later than it is of use.
    Late { until: u64 },
    /// The bucket never holds as many tokens.
    TooLarge { burst: u32 },
    /// The store that the limiter shares its limit through refuses.
    NoStore,
}

/// What is left after all permits that are due were granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody waits.
    Idle,
    /// The next permit is due at this instant.
    Due(u64),
    /// There are more to grant once these have been woken.
    More,
}

#[derive(Debug)]
pub(super) struct Desk {
    pub(super) queue: Queue,
    quota: Quota,
    pub(super) learnt: Learnt,
    /// The bucket in force: what was declared, tightened by what was learnt.
    pub(super) shape: Shape,
    pub(super) probe: Probe,
    /// The bucket may have been full when the gate was shut.
    was_full: bool,
    /// Nobody has been answered since, or at all.
    pub(super) fresh: bool,
    /// How long the first call's way was after that.
    pub(super) way: Option<Way>,
    /// How long the calls take that tell what is left: the longest, and of old ones less and less.
    pub(super) longest_way: u64,
    /// The bucket, while the gate is shut.
    pub(super) tat: u64,
    /// The declared bucket, while a hint's pace is in force.
    pub(super) kept: Option<Kept>,
    /// When a token last found the bucket full, or may have.
    pub(super) spilt: Spilt,
    closed_since: u64,
    closed_until: u64,
    /// Until when tokens may be taken that a late timer kept from those who waited.
    owed_until: u64,
    /// No waiter's `latest` is before this.
    pub(super) soonest: u64,
    pub(super) waits: Waits,
    /// Where the permits come from, if not from the bucket.
    pub(super) supply: Option<Box<Supply>>,
}

impl Desk {
    pub(super) const fn new(quota: Quota, supply: Option<Box<Supply>>) -> Self {
        Self {
            queue: Queue::new(),
            quota,
            learnt: Learnt::NOTHING,
            shape: Shape::of(quota),
            probe: Probe::Off,
            was_full: false,
            fresh: true,
            way: None,
            longest_way: 0,
            tat: 0,
            kept: None,
            spilt: Spilt::NEVER,
            closed_since: 0,
            closed_until: 0,
            owed_until: 0,
            soonest: u64::MAX,
            waits: Waits::NONE,
            supply,
        }
    }

    /// Takes over from the gate.
    pub(super) fn take_over(&mut self, handed: Option<u64>, gate: &Gate, now: u64) {
        if let Some(tat) = handed {
            // What was left when the gate opened has run out since: tokens may have spilt.
            if self.tat <= now {
                self.spilt = Spilt::by(now);
            }
            self.was_full = self.tat <= now;
            self.tat = bucket::sane(tat, self.shape, now);
        }
        if self.learnt.age(now) {
            self.outlived(gate, now);
        }
    }

    /// Hands back to the gate, unless a cooldown or a hint's pace lasts. Only when nobody waits.
    pub(super) fn close_for(&mut self, gate: &Gate, now: u64) {
        self.soonest = u64::MAX;
        if self.supply.is_some() {
            return;
        }
        if self.held_until() <= now && self.probe == Probe::Off && self.learnt.ages_at().is_none() {
            gate.open(self.tat, self.owed_until);
        }
    }

    /// Takes a permit at once if nobody waits for one. A caller that can be refused because of the store
    /// would wait until `refusable`.
    pub(super) fn take(
        &mut self,
        cost: u32,
        refusable: Option<u64>,
        now: u64,
    ) -> Result<(), Refusal> {
        let burst = self.quota.burst().get();
        if cost > burst {
            return Err(Refusal::TooLarge { burst });
        }
        if refusable.is_some_and(|latest| self.no_store(latest, now).is_some()) {
            return Err(Refusal::NoStore);
        }
        let until = self.expected(Line::First, cost, now);
        let known = self.supply.is_none();
        if self.queue.waiting() > 0 || self.held_until() > now || (known && until > now) {
            return Err(Refusal::Late { until });
        }
        let credit = if now < self.owed_until { CREDIT } else { 0 };
        match self.pay(cost, now, credit) {
            Ok(_) => {
                self.probed(now);
                Ok(())
            }
            Err(due) if known => Err(Refusal::Late { until: due }),
            Err(_) => {
                self.want(cost);
                Err(Refusal::Late { until })
            }
        }
    }

    /// When one who joins this line now gets a permit.
    pub(super) fn expected(&self, line: Line, cost: u32, now: u64) -> u64 {
        self.due(self.queue.cost_ahead(line) + u64::from(cost), now)
    }

    /// Puts a waiter in its line, if it can be served in time.
    pub(super) fn join(
        &mut self,
        waiter: Waiter,
        now: u64,
        wakes: &mut Wakes,
    ) -> Result<u32, Refusal> {
        let until = self.expected(waiter.line, waiter.cost, now);
        if until > waiter.latest {
            return Err(Refusal::Late { until });
        }
        self.soonest = self.soonest.min(waiter.latest);
        self.fresh |= mem::take(&mut self.was_full);
        let ahead_of_others = waiter.line == Line::Retries;
        let index = self.queue.join(waiter);
        if ahead_of_others && self.due(self.queue.cost_ahead(Line::First), now) > self.soonest {
            self.expel(now, wakes);
        }
        Ok(index)
    }

    /// Takes back what a waiter held that has left.
    pub(super) fn take_back(&mut self, waiter: &Waiter, now: u64) {
        if let State::Granted { until } = waiter.state() {
            self.probe_again(waiter.since);
            match &mut self.supply {
                Some(supply) if until < u64::MAX => supply.put_back(waiter.cost, until, now),
                _ if self.spilt.covers(waiter.since) => {}
                _ => self.give_back(u64::from(waiter.cost)),
            }
        }
    }

    /// Grants what is due, in order.
    pub(super) fn grant(&mut self, now: u64, wakes: &mut Wakes) -> Standing {
        while let Some(head) = self.queue.head() {
            if wakes.is_full() {
                return Standing::More;
            }
            let &Waiter {
                cost,
                latest,
                refusable,
                ..
            } = self.queue.waiter(head);
            if latest < now {
                wakes.add(self.queue.decide(head, State::Late { until: now }));
                continue;
            }
            if refusable && self.no_store(latest, now).is_some() {
                wakes.add(self.queue.decide(head, State::NoStore));
                continue;
            }
            if now < self.held_until() {
                return self.next(self.due(u64::from(cost), now), now, wakes);
            }
            match self.pay(cost, now, CREDIT) {
                Err(until) => return self.next(until, now, wakes),
                Ok(until) => {
                    if self.tat < now {
                        self.owed_until = now + CREDIT;
                    }
                    self.probed(now);
                    self.account(head, now);
                    wakes.add(self.queue.grant(head, until, now));
                }
            }
        }
        self.order(now);
        Standing::Idle
    }

    /// Closes until `until`, for all who share the limit.
    pub(super) fn cool_down(&mut self, until: u64, now: u64, wakes: &mut Wakes) {
        if until > now && until > self.closed_until {
            self.tell_pause(until, now);
        }
        self.close(until, now, wakes);
    }

    /// Closes until `until`. A longer cooldown extends, a shorter one changes nothing; permits that
    /// nobody has used yet are called back.
    pub(super) fn close(&mut self, until: u64, now: u64, wakes: &mut Wakes) {
        if until <= now || until <= self.closed_until {
            return;
        }
        if self.closed_until <= now {
            self.closed_since = now;
        }
        self.closed_until = until;
        let unused = self.queue.revoke();
        self.give_back(unused);
        self.tat = bucket::reopen(self.tat, self.shape, until);
        self.expel(now, wakes);
    }

    /// Changes the quota for those who wait as well.
    pub(super) fn set_quota(&mut self, quota: Quota, gate: &Gate, now: u64, wakes: &mut Wakes) {
        self.quota = quota;
        self.reshape(gate, now);
        self.expel(now, wakes);
    }

    pub(super) const fn quota(&self) -> Quota {
        self.quota
    }

    pub(super) const fn closed_until(&self) -> u64 {
        self.closed_until
    }

    pub(super) fn available(&self, now: u64) -> u64 {
        if self.held_until() > now || self.queue.waiting() > 0 {
            return 0;
        }
        match &self.supply {
            Some(supply) => supply.usable(now),
            None => bucket::available(self.tat, self.shape, now),
        }
    }

    /// Refuses all who cannot be served in time any more.
    pub(super) fn expel(&mut self, now: u64, wakes: &mut Wakes) {
        let burst = self.quota.burst().get();
        let mut ahead = 0;
        self.soonest = u64::MAX;
        for index in self.queue.line_up() {
            let (cost, latest) = (
                self.queue.waiter(index).cost,
                self.queue.waiter(index).latest,
            );
            let until = self.due(ahead + u64::from(cost), now);
            let state = match () {
                () if cost > burst => State::TooLarge,
                () if until > latest => State::Late { until },
                () => {
                    ahead += u64::from(cost);
                    self.soonest = self.soonest.min(latest);
                    continue;
                }
            };
            wakes.add(self.queue.decide(index, state));
        }
    }

    /// When the last of `cost` tokens from now on is there.
    fn due(&self, cost: u64, now: u64) -> u64 {
        let due = match &self.supply {
            Some(supply) => supply.due(cost, self.tat, self.shape, now),
            None => bucket::earliest(self.tat, self.shape, cost, now),
        };
        due.max(self.held_until())
    }

    /// What is next: a permit, the end of what makes it late, or something to ask of the store.
    fn next(&mut self, due: u64, now: u64, wakes: &mut Wakes) -> Standing {
        let due = due.min(self.order(now));
        if self.review(now, wakes) {
            return Standing::More;
        }
        Standing::Due(self.learnt.ages_at().map_or(due, |aged| aged.min(due)))
    }

    fn account(&mut self, index: u32, now: u64) {
        let since = self.queue.waiter(index).since;
        let cooled = self
            .closed_until
            .saturating_sub(since.max(self.closed_since));
        let waited = now.saturating_sub(since);
        self.waits.cooldown += Duration::from_nanos(cooled.min(waited));
        self.waits.queue += Duration::from_nanos(waited - cooled.min(waited));
    }
}
