//! View of a limiter for all processes that share it, as its store has it.

use core::time::Duration;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::bucket::Shape;
use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::error::Error;
use crate::error::Kind;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::store::Action;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::Reply;
use crate::store::Request;
use crate::store::StoreError;
use crate::store::Ticks;
use crate::store::step;
use crate::time::Instant;

use super::Limiter;
use super::remote::StoreLimits;
use super::remote::client::StoreClient;
use super::request::Priority;
use super::state::LimiterState;
use super::views::shared_rows;
use super::views::shared_rows::SharedRow;

/// Longest wait for an answer of the store.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// State of a [`Limiter`] at one moment, for all processes that share it.
///
/// Tokens that a process has drawn from the store count as taken, used or not. Resources of the server, such
/// as GitHub's `search`, have states of their own, which are not part of it.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use std::sync::Arc;
/// use paced::store::MemoryStore;
/// use paced::{Limiter, Quota};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
/// let store = Arc::new(MemoryStore::new());
/// let here = Limiter::builder(quota).name("github").store(store.clone()).unregistered().build()?;
/// let elsewhere = Limiter::builder(quota).name("github").store(store).unregistered().build()?;
/// here.acquire_many(5).await?;
///
/// let shared = elsewhere.shared_snapshot().await?;
/// assert_eq!(shared.available, 0);
/// assert_eq!(shared.booked, Duration::from_millis(200));
/// assert_eq!(shared.full_in, Duration::from_secs(1));
/// assert_eq!(shared.last_seen, Some(Duration::ZERO));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SharedSnapshot {
    /// Quota that this process has declared. A store keeps no rate: other processes may have declared another one.
    pub quota: Quota,
    /// Rate in force: the declared one, or less where the server's answers ask for less.
    pub rate: Rate,
    /// Tokens that could be taken at once, by whichever process.
    pub available: u64,
    /// Remaining time of the cooldown, if there is one.
    pub cooldown: Option<Duration>,
    /// Rate that the server's answers ask for, where it is below the declared one.
    pub learnt: Option<Rate>,
    /// Time for which that rate holds, where it is known.
    pub learnt_for: Option<Duration>,
    /// Time until a token is free that no process has taken yet. Zero where tokens are available.
    pub booked: Duration,
    /// Time until the bucket is full, if no process takes a token meanwhile.
    pub full_in: Duration,
    /// Quota that another process has declared, where it is tighter. It holds for all until one period after it was last
    /// declared, a second at least. Of several limits, see [`row`](Self::row).
    pub held: Option<Quota>,
    /// Calls in flight of all processes, where [`max_concurrency`](crate::LimiterBuilder::max_concurrency) is a number: slots
    /// that processes have leased, used or not. Calls in flight of this process without a store.
    pub in_flight: u64,
    /// Calls of all processes that wait for a slot, as these have said last.
    pub waiting: u64,
    /// States of the limits, of a limiter with several: see [`row`](Self::row).
    pub(super) rows: [Option<SharedRow>; MAX_ROWS],
    /// Time since a process last took tokens, or changed anything else. `None`: the store knows nothing of the
    /// limiter, or there is no store.
    pub last_seen: Option<Duration>,
}

impl SharedSnapshot {
    fn of(state: &LimiterState, now: Instant) -> Self {
        let quota = state.quota();
        let rate = Rate::of_interval(state.bucket.shape.interval);
        let closed = state.cooldown.until().since(now);
        let free_at = state.expected(Priority::First, false, &Costs::ONE, now);
        let left = state.learnt.pace().map(|pace| pace.until.since(now));
        let is_slower = rate.span() > quota.rate().span();
        Self {
            quota,
            rate,
            available: state.available(now),
            cooldown: (!closed.is_zero()).then_some(closed.into()),
            learnt: is_slower.then_some(rate),
            learnt_for: left.filter(|_| is_slower).map(Duration::from),
            booked: free_at.since(now).into(),
            full_in: state.bucket.tat.since(now).into(),
            held: None,
            in_flight: state.slots_held(),
            waiting: u64::from(state.waiting_for_slots()),
            rows: SharedRow::of_state(state, now),
            last_seen: None,
        }
    }

    /// Returns the state of the limit of this unit; of several, the one with the fewest tokens. `None`: there is none, or
    /// the limiter has one limit of requests, which the snapshot itself is about.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let openai = Limiter::builder(per_minute(500)).row("tokens", per_minute(30_000)).build()?;
    /// let shared = openai.shared_snapshot().await?;
    /// assert_eq!(shared.row("tokens").unwrap().available, 500);
    /// assert_eq!(shared.row("points"), None);
    /// # Ok(()) }
    /// ```
    pub fn row(&self, unit: &str) -> Option<SharedRow> {
        let rows = self.rows().filter(|row| row.unit == unit);
        rows.min_by_key(|row| row.available)
    }

    /// Returns the states of all limits, in the order of [`Snapshot::rows`](crate::Snapshot::rows). None for a limiter
    /// with one limit of requests.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let openai = Limiter::builder(per_minute(500)).row("tokens", per_minute(30_000)).build()?;
    /// let shared = openai.shared_snapshot().await?;
    /// let units: Vec<_> = shared.rows().map(|row| row.unit).collect();
    /// assert_eq!(units, ["requests", "tokens"]);
    /// # Ok(()) }
    /// ```
    pub fn rows(&self) -> impl Iterator<Item = SharedRow> {
        self.rows.iter().flatten().copied()
    }

    /// Converts a store's reply to a request that took nothing.
    fn of_reply(reply: &Reply, asked: &Inquiry) -> Self {
        let (mut state, now) = (reply.state.clone(), reply.now);
        let (quota, limits) = (asked.quota, asked.limits());
        let draw = Action::Draw {
            tokens: quota.burst().get(),
            horizon: Ticks::ZERO,
            longest: Ticks::ZERO,
            drain: false,
        };
        let drawn = step(&mut state, now, &Request::new(draw, limits));
        let state = &reply.state;
        let [row, ..] = &state.rows;
        let left = |until: Ticks| (until - now).to_duration();
        let pause = left(state.paused_until).max(asked.pause);
        let learnt = Rate::of_interval(row.learnt_interval.span());
        let is_slower = row.learnt_until > now
            && row.closed_until(now).is_none()
            && learnt.span() > quota.rate().span();
        let leases = || state.leases.iter().filter(|lease| lease.until > now);
        Self {
            quota,
            rate: if is_slower { learnt } else { quota.rate() },
            available: if pause.is_zero() {
                u64::from(drawn.granted())
            } else {
                0
            },
            cooldown: Some(pause).filter(|left| !left.is_zero()),
            learnt: is_slower.then_some(learnt),
            learnt_for: is_slower.then(|| left(row.learnt_until)),
            booked: reply.last().wait.to_come().to_duration(),
            full_in: left(row.full_at),
            held: asked.held(reply),
            in_flight: leases().map(|lease| u64::from(lease.held)).sum(),
            waiting: leases().map(|lease| u64::from(lease.waiting)).sum(),
            rows: asked.rows(reply),
            last_seen: (state.seen > Ticks::ZERO).then(|| (now - state.seen).to_duration()),
        }
    }
}

impl SharedRow {
    /// Returns the states of the limits of a limiter without a store.
    fn of_state(state: &LimiterState, now: Instant) -> [Option<Self>; MAX_ROWS] {
        let full = state.declared_rows();
        let mut rows = [None; MAX_ROWS];
        let own = state.snapshot(now).rows.into_iter().flatten();
        for (place, (row, (_, _, full_at))) in rows.iter_mut().zip(own.zip(full)) {
            let is_slower = row.rate.span() > row.quota.rate().span();
            *place = Some(Self {
                unit: row.unit,
                quota: row.quota,
                rate: row.rate,
                available: row.available,
                full_in: full_at.since(now).into(),
                learnt: is_slower.then_some(row.rate),
                closed_for: row.closed_for,
                held: None,
            });
        }
        rows
    }
}

impl Limiter {
    /// Returns the state of the limiter for all processes that share it, as its store has it now. Sends one
    /// request, which takes no token. A limiter without a store is this process's own: the state is what this
    /// process knows.
    ///
    /// [`snapshot`](Self::snapshot) needs no store, and has what only this process knows: its queue, counts
    /// and waits, and the tokens that it has drawn and not used.
    ///
    /// # Errors
    ///
    /// [`is_store`](Error::is_store): the store fails, or has not answered within 5 s.
    /// [`is_no_runtime`](Error::is_no_runtime): the limiter has a store, and there is no tokio runtime.
    ///
    /// # Panics
    ///
    /// On a tokio runtime whose time driver is not enabled, if the limiter has a store.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing: it holds no place in the queue and takes no token.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use std::sync::Arc;
    /// use paced::store::MemoryStore;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let store = Arc::new(MemoryStore::new());
    /// let here = Limiter::builder(quota).name("github").store(store.clone()).unregistered().build()?;
    /// let elsewhere = Limiter::builder(quota).name("github").store(store).unregistered().build()?;
    /// here.acquire().await?;
    /// assert_eq!(elsewhere.shared_snapshot().await?.available, 4);
    /// # Ok(()) }
    /// ```
    pub async fn shared_snapshot(&self) -> Result<SharedSnapshot, Error> {
        let shared = Arc::clone(self.shared());
        let Some(client) = shared.client.get() else {
            return Ok(shared.with_state(|state, now, _| SharedSnapshot::of(state, now)));
        };
        let failed = |kind| Error::new(kind).at(shared.context(false));
        if Handle::try_current().is_err() {
            return Err(failed(Kind::NoRuntime));
        }
        let asked = shared.with_state(|state, now, _| Inquiry::of(state, now));
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, client.look(asked.limits())).await;
        let answer = answer.unwrap_or_else(|_| Err(StoreError::unavailable("it does not answer")));
        match answer {
            Ok(answer) => Ok(SharedSnapshot::of_reply(&answer, &asked)),
            Err(error) => Err(failed(Kind::Store(error.to_string().into()))),
        }
    }
}

impl StoreClient {
    /// Asks the store for the state, and takes nothing.
    async fn look(&self, limits: Limits) -> Result<Reply, StoreError> {
        let request = Request::new(Action::Peek, limits);
        self.store().transact(self.key(), &request).await
    }
}

/// Limits that a request for the state is about.
struct Inquiry {
    quota: Quota,
    /// Units and quotas, where there are several limits.
    rows: Vec<(&'static str, Quota, Instant)>,
    store_limits: Option<StoreLimits>,
    /// Pause of which the store is being told.
    pause: Duration,
}

impl Inquiry {
    fn of(state: &LimiterState, now: Instant) -> Self {
        let told = state.remote.as_ref().and_then(|it| it.untold_pause());
        Self {
            pause: told.map_or(Duration::ZERO, |until| until.since(now).into()),
            quota: state.quota(),
            rows: state.declared_rows(),
            store_limits: state.store_limits(),
        }
    }

    fn limits(&self) -> Limits {
        let period = Ticks::from_span_up(self.quota.rate().period());
        let plain = || Limits::one(Limit::of(Shape::of(self.quota)).with_period(period));
        self.store_limits
            .as_ref()
            .map_or_else(plain, |limits| *limits.limits())
    }

    /// Returns the quota of the first limit that another process holds tighter.
    fn held(&self, reply: &Reply) -> Option<Quota> {
        shared_rows::held(reply, 0, &self.limits(), |row, interval, quanta| {
            let limits = self.store_limits.as_ref();
            limits.map_or((interval.span(), quanta), |limits| {
                (limits.token(row, interval), limits.tokens(row, quanta))
            })
        })
    }

    fn rows(&self, reply: &Reply) -> [Option<SharedRow>; MAX_ROWS] {
        let mut rows = [None; MAX_ROWS];
        let Some(limits) = &self.store_limits else {
            return rows;
        };
        for (row, (place, &(unit, quota, _))) in rows.iter_mut().zip(&self.rows).enumerate() {
            let mut shared = SharedRow::of_reply(reply, row, unit, (quota, limits));
            if !self.pause.is_zero() {
                shared.available = 0;
            }
            *place = Some(shared);
        }
        rows
    }
}
