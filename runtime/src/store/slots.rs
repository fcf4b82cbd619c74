//! Slots of a limited concurrency, which processes lease.

use super::Action;
use super::Lease;
use super::State;
use super::Ticks;
use super::lease::LEASE_TIME;
use super::lease::MAX_LEASES;
use super::lease::MAX_SLOTS;

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
        let at = self
            .leases
            .iter()
            .position(|it| it.process == claim.process);
        // Never more than it had: what has ended is taken again, or not at all.
        let kept = at.map_or(0, |at| self.leases[at].held.min(claim.held));
        if at.is_none() && self.leases.len() >= MAX_LEASES {
            return 0;
        }
        let granted = self.share(claim, kept).min(claim.want.min(MAX_SLOTS));
        let lease = Lease {
            process: claim.process,
            held: kept + granted,
            waiting: claim.waiting.min(MAX_SLOTS).saturating_sub(granted),
            until: end,
        };
        let is_over = lease.held == 0 && lease.waiting == 0;
        match at {
            Some(at) if is_over => drop(self.leases.remove(at)),
            Some(at) => self.leases[at] = lease,
            None if is_over => {}
            None => self.leases.push(lease),
        }
        if !is_over {
            self.kept_until = self.kept_until.max(end);
        }
        lease.held
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

    /// Returns how many slots a process that holds `kept` may take: what is free, and while others wait no more than its
    /// part by the callers that hold a slot or wait.
    fn share(&self, claim: Claim, kept: u32) -> u32 {
        let most = u64::from(claim.most.min(MAX_SLOTS));
        let others = self.leases.iter().filter(|it| it.process != claim.process);
        let (held, waiting) = others.fold((0, 0), |(held, waiting), lease| {
            (
                held + u64::from(lease.held),
                waiting + u64::from(lease.waiting),
            )
        });
        let kept = u64::from(kept);
        let free = most.saturating_sub(held + kept);
        let wants = claim.want.max(claim.waiting).min(MAX_SLOTS);
        let own = kept + u64::from(wants);
        let part = if waiting == 0 {
            most
        } else {
            (most * own / (own + held + waiting)).max(1)
        };
        let share = free.min(part.saturating_sub(kept));
        u32::try_from(share).unwrap_or(MAX_SLOTS)
    }
}
