//! Slots of a limited concurrency, which processes lease.

use super::Action;
use super::Lease;
use super::State;
use super::Ticks;
use super::lease::LEASE_TIME;
use super::lease::MAX_LEASES;
use super::lease::MAX_SLOTS;
use super::parts;

/// Slots that a process has and wants.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    pub(super) process: u64,
    pub(super) most: u32,
    pub(super) want: u32,
    pub(super) held: u32,
    pub(super) waiting: u32,
}

impl Claim {
    pub(super) fn of(action: &Action) -> Option<Self> {
        match *action {
            Action::Slots {
                process,
                most,
                want,
                held,
                waiting,
            } => Some(Self {
                process,
                most,
                want,
                held,
                waiting,
            }),
            _ => None,
        }
    }
}

impl State {
    /// Renews the lease of a process, if it has one, and lets it have further slots. Returns how many it holds.
    pub(super) fn lease(&mut self, claim: Claim, now: Ticks) -> u32 {
        let end = now + LEASE_TIME;
        self.reap(end, now);
        let mut leases = self.leases.iter();
        let known = leases.position(|it| it.process == claim.process);
        if known.is_none() && self.leases.len() >= MAX_LEASES {
            return 0;
        }
        let had = known.map_or(0, |at| self.leases[at].held);
        // Never more than it had: what has ended is taken again, or not at all.
        let kept = had.min(claim.held);
        let wants = claim.want.max(claim.waiting).min(MAX_SLOTS);
        let lease = Lease {
            process: claim.process,
            held: kept,
            waiting: wants,
            until: end,
        };
        let at = known.unwrap_or_else(|| {
            self.leases.push(lease);
            self.leases.len() - 1
        });
        // Its turn ends with its last slot.
        let at = self.put(at, lease, had > 0 && kept == 0);
        let granted = self.share(at, claim.most).min(claim.want);
        let lease = Lease {
            held: kept + granted,
            waiting: (wants - granted).min(claim.waiting),
            ..lease
        };
        if lease.held == 0 && lease.waiting == 0 {
            self.leases.remove(at);
            return 0;
        }
        // And a new one begins with its first.
        self.put(at, lease, kept == 0 && granted > 0);
        self.kept_until = self.kept_until.max(end);
        lease.held
    }

    /// Replaces the lease at `at`, and moves it behind all others if a turn of its process has begun or ended. Returns where
    /// it is then.
    fn put(&mut self, at: usize, lease: Lease, moves: bool) -> usize {
        self.leases[at] = lease;
        if moves {
            self.leases[at..].rotate_left(1);
            self.leases.len() - 1
        } else {
            at
        }
    }

    /// Removes the leases that have ended.
    fn reap(&mut self, end: Ticks, now: Ticks) {
        for lease in &mut self.leases {
            lease.until = lease.until.min(end);
            lease.held = lease.held.min(MAX_SLOTS);
            lease.waiting = lease.waiting.min(MAX_SLOTS);
        }
        self.leases.retain(|lease| lease.until > now);
        self.leases.truncate(MAX_LEASES);
    }

    /// Returns how many more slots the process of the lease at `at` may take: what is free, and no more than its part.
    fn share(&self, at: usize, most: u32) -> u32 {
        let held: u64 = self.leases.iter().map(|it| u64::from(it.held)).sum();
        let free = u64::from(most.min(MAX_SLOTS)).saturating_sub(held);
        let free = u32::try_from(free).unwrap_or(MAX_SLOTS);
        let part = parts::part(&self.leases, at, most);
        part.map_or(free, |part| {
            free.min(part.saturating_sub(self.leases[at].held))
        })
    }
}
