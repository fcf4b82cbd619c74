//! [`Limiter`]: a token bucket, a queue and a cooldown that many calls share.

mod applying;
mod builder;
mod callback;
mod changes;
mod counts;
mod denying;
mod draining;
mod fast_path;
mod joint;
mod keys;
mod mode_cell;
mod modes;
mod name;
mod names;

mod permits;
mod receipt;
mod remote;
mod reports;
mod request;
mod resources;
mod rows;
mod runtime_id;
mod shared;
mod slots;
mod state;
mod store_events;
mod sweep;
#[cfg(test)]
mod tests;
mod unfinished;
mod units;
mod viewing;
mod views;
mod wake_list;

use core::time::Duration;
use std::sync::Arc;
use std::sync::OnceLock;

pub(crate) use self::applying::apply;
pub use self::builder::LimiterBuilder;
pub(crate) use self::changes::LimitChange;
pub(crate) use self::changes::LimiterChanges;
pub(crate) use self::changes::Misfit;
pub use self::counts::Counts;
pub use self::counts::observed::ObservedWaits;
pub(crate) use self::counts::totals::Totals;
pub(crate) use self::denying::TooLate;
pub(crate) use self::draining::await_end;
pub use self::draining::drain;
pub use self::draining::drain_all;
pub(crate) use self::joint::JointWait;
pub(crate) use self::joint::TakenPermit;
pub(crate) use self::joint::Wanted;
pub(crate) use self::keys::compact::Unforgotten;
pub(crate) use self::keys::of_keys::KeyTerms;
pub(crate) use self::keys::stored_keys::PlaceOfKeys;
pub(crate) use self::names::configured::Configuration;
pub(crate) use self::names::configured::ConfiguredLimiter;
pub(crate) use self::names::further_names::name_of_further;
pub(crate) use self::names::further_names::name_of_shared;
pub(crate) use self::names::named_keys::ConfiguredKeys;
pub(crate) use self::names::named_keys::NamedKeys;
pub(crate) use self::names::named_keys::declare_keys;
pub(crate) use self::names::registry::find;
pub use self::names::registry::limiter;
pub use self::names::registry::limiters;
pub(crate) use self::names::registry::own;
pub use self::permits::acquire::Acquire;
pub use self::permits::permit::Permit;
pub use self::permits::reservation::AcquireCosts;
pub use self::permits::reservation::Reservation;
pub use self::receipt::Receipt;
pub(crate) use self::reports::attempt_report::AttemptReport;
pub(crate) use self::reports::attempt_report::AttemptResult;
pub(crate) use self::reports::attempt_report::Forecast;
pub(crate) use self::reports::failed_response::FailedResponse;
pub(crate) use self::request::Denial;
pub(crate) use self::request::Grant;
pub(crate) use self::request::Priority;
pub(crate) use self::request::Refusal;
pub(crate) use self::request::Request;
pub(crate) use self::request::SLOW;
pub(crate) use self::resources::Function;
pub(crate) use self::shared::Shared;
pub(crate) use self::shared::ticket::Ticket;
pub(crate) use self::shared::ticket::Turn;
pub(crate) use self::state::beyond::Beyond;
pub(crate) use self::state::faults::Fault;
pub(crate) use self::state::rejection::Rejection;
pub(crate) use self::state::spread::Spread;
pub(crate) use self::unfinished::Unfinished;
pub(crate) use self::units::KnownUnits;
pub use self::viewing::SharedSnapshot;
pub use self::views::shared_rows::SharedRow;
pub use self::views::snapshot::RowSnapshot;
pub use self::views::snapshot::Snapshot;

use crate::clock;
use crate::costs::MAX_ROWS;
use crate::error::Error;
use crate::grammar;
use crate::quota::Quota;
use crate::row::Row;
use crate::row::Rows;
use crate::store::Limit;

/// Share of a server's limit below which the rest is spread until the reset, unless the options of a call set another.
pub(crate) const THROTTLE_BELOW: f64 = 0.1;

/// Longest cooldown, whatever a server sends, unless the options of a call set another bound.
pub(crate) const LONGEST_COOLDOWN: Duration = Duration::from_secs(3600);

/// A token bucket with a fair queue and a cooldown, shared by every call that goes through it.
///
/// A bucket holds up to [`burst`](Quota::burst) tokens and gains one every
/// [`interval`](crate::Rate::interval). A permit takes its cost in tokens out of the bucket. Callers that
/// find too few tokens wait in a queue. The first caller in the queue is served first, whatever it costs.
///
/// A permit is assigned to the future at the head of the queue when it falls due, even if that future is
/// not polled, so an idle future never blocks the queue. A permit that is not picked up within two
/// milliseconds goes to the next future, and the late one is first in line again as soon as it is polled:
/// a task that leaves many such futures alone for long and then polls them all does not start them all at
/// once.
///
/// Cloning gives another handle to the same limiter. `Limiter::new` is `const`, so that a limiter
/// can live in a `static`; it may then be used from several runtimes and outlive some of them.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Limiter, Quota};
///
/// static GITHUB: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// GITHUB.acquire().await?;
/// // .. one request ..
/// # Ok(()) }
/// ```
pub struct Limiter {
    quota: Quota,
    /// All limits with their units, if there are several.
    limits: &'static [(&'static str, Quota)],
    shared: OnceLock<Arc<Shared>>,
}

impl Limiter {
    /// Creates a limiter. Its bucket is full, unless the quota is [`starting_empty`](Quota::starting_empty).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// const QUOTA: Quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// static API: Limiter = Limiter::new(QUOTA);
    ///
    /// assert_eq!(API.snapshot().available, 5);
    /// assert_eq!(Limiter::new(QUOTA.starting_empty()).snapshot().available, 0);
    /// ```
    pub const fn new(quota: Quota) -> Self {
        Self {
            quota,
            limits: &[],
            shared: OnceLock::new(),
        }
    }

    /// Creates a limiter with several limits, each with its unit: a call takes its costs from all of them, or waits for
    /// all of them.
    ///
    /// A call costs 1 of each limit of `"requests"`, and of the others what it says: by the option `cost` of an annotated
    /// function, or by [`acquire_costs`](Self::acquire_costs). Several limits may have the same unit, such as one for
    /// a second and one for a day.
    ///
    /// # Panics
    ///
    /// If there is no limit, or there are more than eight: for a `static`, at compile time.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// static OPENAI: Limiter = Limiter::with_limits(&[
    ///     ("requests", Quota::per_minute(NonZeroU32::new(500).unwrap())),
    ///     ("tokens", Quota::per_minute(NonZeroU32::new(30_000).unwrap()).with_burst(NonZeroU32::new(30_000).unwrap())),
    /// ]);
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// OPENAI.acquire_costs(&[("tokens", 1200)]).await?;
    /// assert_eq!(OPENAI.snapshot().row("tokens").unwrap().available, 28_800);
    /// # Ok(()) }
    /// ```
    pub const fn with_limits(limits: &'static [(&'static str, Quota)]) -> Self {
        assert!(
            !limits.is_empty() && limits.len() <= MAX_ROWS,
            "a limiter has one to eight limits"
        );
        Self {
            quota: limits[0].1,
            limits,
            shared: OnceLock::new(),
        }
    }

    /// Returns a builder of a limiter that has a name, or its limit in a store.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let users = Limiter::builder(quota).name("users").build()?;
    /// users.try_acquire()?;
    /// assert_eq!(paced::limiter("users").snapshot().available, 4);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn builder(quota: Quota) -> LimiterBuilder {
        LimiterBuilder::new(quota)
    }

    /// Refuses limits that are too many, and those that stores cannot keep.
    pub(crate) fn check(rows: &Rows, in_store: bool) -> Result<(), Error> {
        let quota = rows.first.quota;
        if rows.others.len() >= MAX_ROWS {
            return Err(Error::invalid("a limiter has at most eight limits"));
        }
        if in_store && rows.is_plain() && quota.rate().span() < Limit::MIN_INTERVAL.span() {
            return Err(Error::invalid(
                "limits that are shared through a store are at most 100,000 per second",
            ));
        }
        if in_store && rows.iter().any(|row| row.quota.logged_window().is_some()) {
            return Err(Error::invalid(grammar::STRICT_IN_A_STORE));
        }
        Ok(())
    }

    fn of(quota: Quota, shared: Arc<Shared>) -> Self {
        Self {
            quota,
            limits: &[],
            shared: OnceLock::from(shared),
        }
    }

    /// Waits for a permit of one token. The [`Permit`] can report the response to the request; it may be dropped at once.
    ///
    /// The permit is for a request that is sent now: what is waited for between the permit and the request (a login
    /// token, another limiter) lets permits pile up, and requests be sent faster than the rate. In the body of an
    /// annotated function it is a wait of the attempt, whose `attempt_timeout` and `deadline` run.
    ///
    /// On tokio's paused clock the wait takes no time, and the clock does not wait for real I/O either: a request to a
    /// real server appears to take as long as the next timer.
    ///
    /// # Errors
    ///
    /// * [`is_no_runtime`](Error::is_no_runtime): it has to wait, outside a tokio runtime. A permit that is
    ///   free needs none.
    /// * [`is_closed`](Error::is_closed): the limiter was [closed](Self::close).
    /// * [`is_store`](Error::is_store): the limit is in a store that refuses, or that is away under
    ///   [`OnStoreError::Closed`](crate::store::OnStoreError::Closed).
    ///
    /// # Panics
    ///
    /// If it has to wait on a tokio runtime whose time driver is not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in the queue. A permit that it was granted but has not returned
    /// goes to the next caller in the queue at once. Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Limiter, Quota};
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    /// let start = Instant::now();
    /// limiter.acquire().await?;
    /// assert_eq!(start.elapsed(), Duration::ZERO);
    /// limiter.acquire().await?;
    /// assert_eq!(start.elapsed(), Duration::from_secs(1));
    /// # Ok(()) }
    /// ```
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
    }

    /// Waits for a permit of `cost` tokens. A cost of 0 is granted at once.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire), and [`is_insufficient_capacity`](Error::is_insufficient_capacity)
    /// where `cost` is above the bucket's burst, also when
    /// [`set_quota`](Self::set_quota) makes it so during the wait.
    ///
    /// # Panics
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Limiter, Quota};
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let start = Instant::now();
    /// limiter.acquire_many(5).await?;
    /// limiter.acquire_many(2).await?;
    /// assert_eq!(start.elapsed(), Duration::from_millis(400));
    /// assert!(limiter.acquire_many(6).await.unwrap_err().is_insufficient_capacity());
    /// # Ok(()) }
    /// ```
    pub fn acquire_many(&self, cost: u32) -> Acquire<'_> {
        Acquire::new(self, cost)
    }

    /// Takes a permit of one token if it is free and no caller waits.
    ///
    /// Of a limit in a store it gets what the store has granted before. A caller that is refused causes a request, whose
    /// answer serves the next one: [what is kept, and for how long](crate::guide::processes#what-is-promised).
    ///
    /// # Errors
    ///
    /// [`is_not_yet`](Error::is_not_yet), with the time until a permit is free in
    /// [`retry_after`](Error::retry_after). [`is_closed`](Error::is_closed) and [`is_store`](Error::is_store)
    /// as for [`acquire`](Self::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_hour(NonZeroU32::MIN));
    /// limiter.try_acquire()?;
    /// let error = limiter.try_acquire().unwrap_err();
    /// assert!(error.is_not_yet());
    /// assert!(error.retry_after() > Some(Duration::from_secs(3500)));
    /// # Ok::<(), paced::Error>(())
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, Error> {
        self.try_acquire_many(1)
    }

    /// Takes a permit of `cost` tokens if they are free and no caller waits.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Self::try_acquire), and
    /// [`is_insufficient_capacity`](Error::is_insufficient_capacity) where `cost` is above the burst.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// const FIVE: NonZeroU32 = NonZeroU32::new(5).unwrap();
    /// let limiter = Limiter::new(Quota::per_hour(FIVE).with_burst(FIVE));
    /// limiter.try_acquire_many(3)?;
    /// assert!(limiter.try_acquire_many(3).unwrap_err().is_not_yet());
    /// assert_eq!(limiter.snapshot().available, 2, "a refused call takes nothing");
    /// assert!(limiter.try_acquire_many(6).unwrap_err().is_insufficient_capacity());
    /// # Ok::<(), paced::Error>(())
    /// ```
    #[inline]
    pub fn try_acquire_many(&self, cost: u32) -> Result<Permit<'_>, Error> {
        let now = clock::quick();
        #[cfg(feature = "test-util")]
        if crate::context::unpaced::is_on() {
            return Ok(Permit::new(self, now));
        }
        if cost == 0 {
            return Ok(Permit::new(self, now));
        }
        let shared = self.shared();
        shared
            .take(cost, now)
            .map(|slot| {
                shared.fast_path.count_permit();
                Permit::in_slot(self, now, slot)
            })
            .map_err(|refusal| {
                let costs = shared.costs_of_requests(cost);
                shared.not_yet(Denial::Refused(refusal), &costs, now)
            })
    }

    /// Changes the quota, also for callers that wait. Tokens used up stay used up. Of several limits it is the first of
    /// requests, or else the first; [`set_limit`](Self::set_limit) changes the others.
    ///
    /// A caller that waits for more tokens than the new burst gets
    /// [`is_insufficient_capacity`](Error::is_insufficient_capacity). The others keep their order. A smaller burst leaves
    /// an empty bucket empty, and a larger one later gives back none of the tokens that were used up before.
    ///
    /// It goes before a [`Config`](crate::Config), also before one that is applied later, unless that is
    /// [`overriding`](crate::Config::overriding).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let slow = Quota::per_minute(NonZeroU32::new(30).unwrap());
    /// limiter.set_quota(slow);
    /// assert_eq!(limiter.snapshot().quota, slow);
    /// assert!(limiter.try_acquire_many(2).unwrap_err().is_insufficient_capacity());
    /// ```
    pub fn set_quota(&self, quota: Quota) {
        self.shared().set_quota_by_hand(quota);
    }

    /// Changes the quota of the limits of this unit, also for callers that wait. Tokens that are used up or owed stay so.
    ///
    /// Where several limits have the unit, such as one for a second and one for an hour, all of them get this quota.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](Error::is_conflict): the limiter has no limit of this unit.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let openai = Limiter::builder(per_minute(500)).row("tokens", per_minute(30_000)).build()?;
    /// openai.set_limit("tokens", per_minute(200_000))?;
    /// assert_eq!(openai.snapshot().row("tokens").unwrap().quota, per_minute(200_000));
    /// assert!(openai.set_limit("points", per_minute(100)).unwrap_err().is_conflict());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn set_limit(&self, unit: &str, quota: Quota) -> Result<(), Error> {
        self.shared().set_limit(unit, quota)
    }

    /// Returns the state of the limiter as of now, as far as this process knows it.
    /// [`shared_snapshot`](Self::shared_snapshot) asks the store of a shared limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// limiter.try_acquire_many(2)?;
    /// let snapshot = limiter.snapshot();
    /// assert_eq!(snapshot.available, 3);
    /// assert_eq!(snapshot.counts.granted, 1);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        self.shared().snapshot()
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.shared.get_or_init(|| self.new_shared())
    }

    #[cold]
    fn new_shared(&self) -> Arc<Shared> {
        let rows = self
            .limits
            .iter()
            .map(|&(unit, quota)| Row::new(unit, quota));
        match Rows::of(rows) {
            Some(rows) => Shared::with_rows(&rows),
            None => Shared::new(self.quota),
        }
    }
}
