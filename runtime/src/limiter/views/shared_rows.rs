//! View of each limit for all processes that share it.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::quota::Quota;
use crate::quota::Rate;
use crate::store::Limits;
use crate::store::Reply;
use crate::store::Ticks;

use crate::limiter::remote::StoreLimits;

/// State of one limit of a [`Limiter`](crate::Limiter) with several, for all processes that share it.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use std::sync::Arc;
/// use paced::store::MemoryStore;
/// use paced::{Limiter, Quota, SharedRow};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
/// let tokens = per_minute(30_000).with_burst(NonZeroU32::new(30_000).unwrap());
/// let builder = Limiter::builder(per_minute(500)).row("tokens", tokens).name("openai");
/// let builder = builder.store(Arc::new(MemoryStore::new())).unregistered();
/// let (here, elsewhere) = (builder.clone().build()?, builder.build()?);
/// here.acquire_costs(&[("tokens", 1200)]).await?;
///
/// let shared = elsewhere.shared_snapshot().await?;
/// let SharedRow { unit, quota, available, .. } = shared.row("tokens").unwrap();
/// assert_eq!((unit, quota, available), ("tokens", tokens, 28_800));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SharedRow {
    /// Unit that the limit counts.
    pub unit: &'static str,
    /// Quota that this process has declared.
    pub quota: Quota,
    /// Rate in force: the declared one, or less where another process has declared less, or where the server's answers
    /// ask for less.
    pub rate: Rate,
    /// Tokens that could be taken at once, by whichever process.
    pub available: u64,
    /// Time until the limit is full, if no process takes a token meanwhile.
    pub full_in: Duration,
    /// Rate that the server's answers ask for, where it is below the declared one.
    pub learnt: Option<Rate>,
    /// Remaining time for which nothing is left of the limit, as the server has told one of the processes.
    pub closed_for: Option<Duration>,
    /// Quota that another process has declared, where it is tighter. It holds for all until one period after it was last
    /// declared.
    pub held: Option<Quota>,
}

impl SharedRow {
    /// Returns the states of the limits by a store's reply, without their units.
    pub(in crate::limiter) fn of_reply(
        reply: &Reply,
        row: usize,
        unit: &'static str,
        declared: (Quota, &StoreLimits),
    ) -> Self {
        let (quota, limits) = declared;
        let (state, now) = (&reply.state, reply.now);
        let usual = state.in_force(limits.limits(), now);
        let slowed = state.slowed(&usual, now);
        let (before, limit) = (usual.as_slice()[row], slowed.as_slice()[row]);
        let token = |interval| Rate::of_interval(limits.token(row, interval));
        let is_slower = before != limit;
        // Slowed, it saves nothing up beyond one.
        let brim = if is_slower {
            limit.capacity() - limit.interval()
        } else {
            Ticks::ZERO
        };
        let full_at = state.rows[row].full_at;
        let closed_until = state.rows[row].closed_until(now);
        let quanta = (now + limit.capacity() - full_at.max(now + brim)) / limit.interval();
        Self {
            unit,
            quota,
            rate: token(limit.interval()),
            available: if state.paused_until > now || closed_until.is_some() {
                0
            } else {
                limits.tokens(row, quanta)
            },
            full_in: (full_at - now).to_duration(),
            learnt: is_slower.then(|| token(limit.interval())),
            closed_for: closed_until.map(|until| (until - now).to_duration()),
            held: held(reply, row, limits.limits(), |row, interval, quanta| {
                (limits.token(row, interval), limits.tokens(row, quanta))
            }),
        }
    }
}

/// Returns the quota that another process holds tighter than `declared`. `scale`: converts an interval and a count of
/// quanta to those of tokens.
pub(in crate::limiter) fn held(
    reply: &Reply,
    row: usize,
    declared: &Limits,
    scale: impl Fn(usize, Ticks, u64) -> (crate::time::Span, u64),
) -> Option<Quota> {
    let held = reply.state.held(declared, reply.now);
    let (own, held) = (declared.as_slice()[row], held.as_slice()[row]);
    if own == held {
        return None;
    }
    let (interval, burst) = scale(row, held.interval(), held.capacity() / held.interval());
    let burst = u32::try_from(burst).unwrap_or(u32::MAX);
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    Some(Quota::new(Rate::of_interval(interval)).with_burst(burst))
}
