//! A store in memory.

use core::fmt;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::clock;
use crate::time::Instant;

use super::ListFuture;
use super::ListRequest;
use super::Listing;
use super::Request;
use super::State;
use super::Store;
use super::StoreFuture;
use super::Ticks;
use super::step;

/// Number of states below which none is removed.
const FEW: usize = 64;

/// A store in memory, for limiters of one process: in tests of code that shares limits, where it
/// keeps to tokio's clock, also when that is paused.
///
/// A limiter without a store is faster, and knows everything that this one does.
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
/// let store = Arc::new(MemoryStore::new());
/// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
/// let one = Limiter::builder(quota).name("github").store(store.clone()).unregistered().build()?;
/// let other = Limiter::builder(quota).name("github").store(store).unregistered().build()?;
/// let start = tokio::time::Instant::now();
/// one.acquire_many(5).await?;
/// other.acquire().await?;
/// assert_eq!(start.elapsed().as_millis(), 200);
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct MemoryStore {
    states: Mutex<States>,
}

#[derive(Default)]
struct States {
    by_key: HashMap<Box<str>, State>,
    /// Number of states after the last removal.
    len_after_removal: usize,
}

impl MemoryStore {
    /// Creates an empty store.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::MemoryStore;
    ///
    /// assert!(MemoryStore::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of states. States that have expired are removed now and then.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, MemoryStore, Request, Store, Ticks};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), paced::store::StoreError> {
    /// let store = MemoryStore::new();
    /// let request = Request::new(Action::Peek, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
    /// store.transact("github", &request).await?;
    /// store.transact("search", &request).await?;
    /// assert_eq!(store.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn len(&self) -> usize {
        self.lock().by_key.len()
    }

    /// Returns whether there is no state.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, MemoryStore, Request, Store, Ticks};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), paced::store::StoreError> {
    /// let store = MemoryStore::new();
    /// let request = Request::new(Action::Peek, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
    /// assert!(store.is_empty());
    /// store.transact("github", &request).await?;
    /// assert!(!store.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, States> {
        // No code under the lock panics: the map is whole.
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl States {
    fn state(&mut self, key: &str, now: Ticks) -> &mut State {
        if !self.by_key.contains_key(key) {
            if self.by_key.len() >= 2 * self.len_after_removal.max(FEW) {
                self.by_key.retain(|_, state| state.expires_at() > now);
                self.len_after_removal = self.by_key.len();
            }
            self.by_key.insert(key.into(), State::default());
        }
        self.by_key.get_mut(key).expect("inserted just before")
    }
}

impl Store for MemoryStore {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            let mut states = self.lock();
            let now = now();
            Ok(step(states.state(key, now), now, request))
        })
    }

    fn list<'a>(&'a self, request: &'a ListRequest) -> ListFuture<'a> {
        Box::pin(async move {
            let states = self.lock();
            let now = now();
            let all = states
                .by_key
                .iter()
                .map(|(name, state)| (name, state.clone()));
            Ok(Listing::of(now, all, request))
        })
    }
}

/// Returns the time of the store's clock: that of this process.
fn now() -> Ticks {
    Ticks::from_span(clock::now().since(Instant::EPOCH))
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("states", &self.len())
            .finish()
    }
}
