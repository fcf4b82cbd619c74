//! Limits that several processes share: what a store keeps, and the one operation on it.
//!
//! A [`Store`] keeps a small [`State`] for every limiter that uses it, and changes it in one atomic
//! operation: read the state, [`step`], write it back. All arithmetic is in [`step`], a function of
//! values; anything that can read and write a few integers in a transaction, or replace bytes unless they were
//! changed meanwhile, can be a store. The [trait](Store) has an example of each.
//!
//! A [`Request`] is a list of [`Action`]s, which are done in their order and all at once. Its [`Reply`] has an
//! [`Answer`] to each of them, and the state after the last.
//!
//! | store | for | feature |
//! | --- | --- | --- |
//! | [`MemoryStore`] | limiters of one process; tests on paused time | |
//! | [`SqliteStore`] | the processes of one machine: a file | `sqlite` |
//! | [`RedisStore`] | processes on several machines | `redis` |
//!
//! # Time
//!
//! All instants in a state are of the store's own clock, so that the clocks of the machines that
//! share it do not matter. They are counted in [`Ticks`], quarters of a microsecond
//! since 1970: whole numbers that every database and script language holds exactly until 2041.

mod action;
mod answer;
mod budget;
mod bytes;
mod calls;
#[cfg(feature = "test-util")]
pub mod conformance;
mod draw;
mod error;
mod few;
mod headroom;
mod lease;
mod limit;
mod listing;
mod memory;
mod merge;
mod namespace;
mod open;
mod parts;
mod policy;
mod quantum;
mod quotas;
#[cfg(feature = "redis")]
mod redis;
mod request;
mod row_state;
mod settle;
mod slots;
#[cfg(feature = "sqlite")]
mod sqlite;
mod state;
mod step;
mod ticks;
mod wait;

use core::fmt::Debug;
use core::future::Future;
use core::pin::Pin;

pub use self::action::Action;
pub use self::action::Actions;
pub use self::action::PauseKind;
pub use self::answer::Answer;
pub use self::answer::Answers;
pub use self::answer::Reply;
pub use self::answer::ServedCall;
pub use self::budget::BudgetState;
pub use self::budget::RetryBudget;
pub use self::calls::CallRun;
pub use self::calls::Calls;
pub use self::error::StateError;
pub use self::error::StoreError;
pub use self::headroom::Headroom;
pub use self::lease::Lease;
pub use self::limit::Limit;
pub use self::limit::Limits;
pub use self::listing::ListFuture;
pub use self::listing::ListRequest;
pub use self::listing::Listing;
pub use self::listing::StoredLimiter;
pub use self::memory::MemoryStore;
pub use self::namespace::in_namespace;
pub use self::open::connect;
pub(crate) use self::parts::part;
pub use self::policy::OnStoreError;
pub use self::policy::Policy;
pub use self::quantum::Quantum;
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
pub use self::request::Request;
pub(crate) use self::row_state::NOTHING_LEFT;
pub use self::row_state::RowState;
pub use self::row_state::SentRun;
pub use self::row_state::SharedQuota;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
pub use self::state::State;
pub use self::step::step;
pub use self::ticks::Ticks;
pub use self::wait::Wait;

/// Maximum number of limits of one limiter.
///
/// # Examples
///
/// ```
/// use paced::store::{Limit, Limits, MAX_LIMITS, Ticks};
///
/// let limit = Limit::new(Ticks::from_millis(200), 5);
/// assert!(Limits::new(&[limit; MAX_LIMITS]).is_some());
/// assert!(Limits::new(&[limit; MAX_LIMITS + 1]).is_none());
/// ```
pub const MAX_LIMITS: usize = 8;

/// Future of [`Store::transact`].
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, MemoryStore, Request, Store, StoreFuture, Ticks};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), paced::store::StoreError> {
/// let store = MemoryStore::new();
/// let request = Request::new(Action::Peek, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
/// let answer: StoreFuture<'_> = store.transact("github", &request);
/// assert_eq!(answer.await?.granted(), 0);
/// # Ok(()) }
/// ```
pub type StoreFuture<'a> = Pin<Box<dyn Future<Output = Result<Reply, StoreError>> + Send + 'a>>;

/// Keeps the state of limiters where several processes reach it.
///
/// An implementation reads the [`State`] under `key` (the default one if there is none), lets
/// [`step`] change it with its own clock's time, and writes it back if it changed, in one atomic
/// operation: no other operation on the same key may come in between. It may forget a state at
/// [`State::expires_at`], and must keep it until then.
///
/// Keys are arbitrary texts, compared byte by byte. The clock is the same for all that use the store, and
/// never goes back by itself; [`step`] copes with a clock that is set.
///
/// `conformance` (feature `test-util`) has a check of all this for tests of your own store.
///
/// # Errors
///
/// [`StoreError::unavailable`] for what another try may mend, [`StoreError::rejected`] for what no further
/// try mends: a wrong password, a file that is no store. What a limiter does about the first kind is
/// its setting; the second kind is never worked around. [`StoreError::unsupported`] is for
/// [`list`](Self::list) alone.
///
/// # Cancel safety
///
/// A limiter drops the future if it takes too long. The operation may have happened then.
///
/// # Examples
///
/// With a lock of one's own:
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
/// use std::time::{SystemTime, UNIX_EPOCH};
///
/// use paced::store::{Request, State, Store, StoreFuture, Ticks, step};
///
/// #[derive(Debug, Default)]
/// struct Table(Mutex<HashMap<String, State>>);
///
/// impl Store for Table {
///     fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
///         Box::pin(async move {
///             let mut table = self.0.lock().unwrap();
///             let state = table.entry(key.to_owned()).or_default();
///             let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
///             Ok(step(state, Ticks::from_duration(now), request))
///         })
///     }
/// }
/// ```
///
/// In a key-value service that replaces a value only where it is still the one that was read: the state is kept as
/// [bytes](State::to_bytes), and the operation is repeated where another process was faster.
///
/// ```
/// # use std::collections::HashMap;
/// # use std::sync::Mutex;
/// use std::time::{SystemTime, UNIX_EPOCH};
///
/// use paced::store::{Request, State, Store, StoreError, StoreFuture, Ticks, step};
///
/// # #[derive(Debug, Default)]
/// # struct Service(Mutex<HashMap<String, Vec<u8>>>);
/// # impl Service {
/// #     async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
/// #         Ok(self.0.lock().unwrap().get(key).cloned())
/// #     }
/// #     async fn replace(&self, key: &str, old: Option<&[u8]>, new: &[u8]) -> Result<bool, StoreError> {
/// #         let mut values = self.0.lock().unwrap();
/// #         let is_old = values.get(key).map(|value| &**value) == old;
/// #         if is_old {
/// #             values.insert(key.to_owned(), new.to_owned());
/// #         }
/// #         Ok(is_old)
/// #     }
/// # }
/// #[derive(Debug)]
/// struct Values {
///     service: Service,
/// }
///
/// impl Store for Values {
///     fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
///         Box::pin(async move {
///             loop {
///                 let old = self.service.get(key).await?;
///                 let mut state = match &old {
///                     Some(bytes) => State::from_bytes(bytes)?,
///                     None => State::default(),
///                 };
///                 let before = state.clone();
///                 // All processes that share the store must have the same clock: that of the service, if it has one.
///                 let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
///                 let reply = step(&mut state, Ticks::from_duration(now), request);
///                 let new = state.to_bytes();
///                 if state == before || self.service.replace(key, old.as_deref(), &new).await? {
///                     return Ok(reply);
///                 }
///             }
///         })
///     }
/// }
/// ```
pub trait Store: Debug + Send + Sync + 'static {
    /// Applies `request` to the state under `key`, in one atomic operation: all of its actions or none.
    ///
    /// # Errors
    ///
    /// [`StoreError::unavailable`] and [`StoreError::rejected`], as the [trait](Self#errors) says.
    ///
    /// # Cancel safety
    ///
    /// The operation of a future that was dropped may have happened.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, MemoryStore, Request, Store, Ticks};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), paced::store::StoreError> {
    /// let store = MemoryStore::new();
    /// let action = Action::Draw { tokens: 3, horizon: Ticks::ZERO, longest: Ticks::ZERO, drain: false };
    /// let request = Request::new(action, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
    /// assert_eq!(store.transact("github", &request).await?.granted(), 3);
    /// assert_eq!(store.transact("github", &request).await?.granted(), 2);
    /// # Ok(()) }
    /// ```
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a>;

    /// Returns a page of the limiters that are kept here, for an operator's view: their names, their
    /// states, and the store's time.
    ///
    /// Reads only. A limiter that exists during all pages is on at least one of them; one that comes, goes or
    /// changes meanwhile may be on none, or on two. An expired state ([`State::expires_at`]) may still be
    /// listed. The rates of limiters are not kept, nor why one is paused.
    ///
    /// # Errors
    ///
    /// [`StoreError::is_unsupported`] where the store cannot list, as here by default. Others as for
    /// [`transact`](Self::transact).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{ListRequest, Store, StoreError};
    ///
    /// async fn print(store: &dyn Store) -> Result<(), StoreError> {
    ///     let mut request = Some(ListRequest::new());
    ///     while let Some(asked) = request {
    ///         let page = store.list(&asked).await?;
    ///         for limiter in page.limiters {
    ///             let paused = limiter.state.paused_until - page.now;
    ///             println!("{}: paused for {:?}", limiter.name, paused.to_duration());
    ///         }
    ///         request = page.next;
    ///     }
    ///     Ok(())
    /// }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap()
    /// #     .block_on(print(&paced::store::MemoryStore::new())).unwrap();
    /// ```
    fn list<'a>(&'a self, request: &'a ListRequest) -> ListFuture<'a> {
        let _ = request;
        let unsupported = StoreError::unsupported("this store cannot list its limiters");
        Box::pin(core::future::ready(Err(unsupported)))
    }
}
