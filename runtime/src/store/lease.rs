//! Leases of the slots of a limited concurrency.

use super::Ticks;

/// Most processes that hold leases at once.
pub(super) const MAX_LEASES: usize = 64;

/// Time for which a lease holds after the last [`Action::Slots`](super::Action::Slots) of its process.
pub(super) const LEASE_TIME: Ticks = Ticks::from_secs(10);

/// Largest number of slots: a million.
pub(super) const MAX_SLOTS: u32 = 1 << 20;

/// Slots of a limited concurrency that a process holds, until it gives them back or does not renew its lease.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Lease, Limit, Limits, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let now = Ticks::from_secs(1_000);
/// let slots = Action::Slots { process: 7, most: 8, want: 3, held: 0, waiting: 3 };
/// let reply = step(&mut State::default(), now, &Request::new(slots, limits));
/// assert_eq!(reply.granted(), 3);
/// let lease = Lease { process: 7, held: 3, waiting: 0, until: now + Ticks::from_secs(10) };
/// assert_eq!(reply.state.leases, [lease]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Number that the process has chosen at random.
    pub process: u64,
    /// Slots that it holds.
    pub held: u32,
    /// Callers of it that wait for a slot.
    pub waiting: u32,
    /// Instant at which the lease ends.
    pub until: Ticks,
}
