//! The limiters that a store keeps, a page at a time.

use core::future::Future;
use core::pin::Pin;

use super::State;
use super::StoreError;
use super::Ticks;

/// Future of [`Store::list`](super::Store::list).
///
/// # Examples
///
/// ```
/// use paced::store::{ListFuture, ListRequest, MemoryStore, Store};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), paced::store::StoreError> {
/// let store = MemoryStore::new();
/// let request = ListRequest::new();
/// let page: ListFuture<'_> = store.list(&request);
/// assert!(page.await?.limiters.is_empty());
/// # Ok(()) }
/// ```
pub type ListFuture<'a> = Pin<Box<dyn Future<Output = Result<Listing, StoreError>> + Send + 'a>>;

/// Request for a page of a store's limiters.
///
/// # Examples
///
/// ```
/// use paced::store::ListRequest;
///
/// let first = ListRequest::new().with_prefix("github").with_limit(10);
/// assert_eq!((first.prefix.as_str(), first.limit), ("github", 10));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListRequest {
    /// Beginning of the names that are listed.
    pub prefix: String,
    /// Approximate number of limiters on the page, at least 1. A store may return fewer, even none, and still
    /// have more pages.
    pub limit: usize,
    /// Beginning of the page, in the store's own format; `None` for the first one.
    pub cursor: Option<String>,
}

impl ListRequest {
    /// Largest number of limiters that [`with_limit`](Self::with_limit) accepts.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::ListRequest;
    ///
    /// assert_eq!(ListRequest::new().with_limit(usize::MAX).limit, ListRequest::MAX_LIMIT);
    /// ```
    pub const MAX_LIMIT: usize = 1000;

    /// Creates a request for the first page of all limiters, with up to 256 of them.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::ListRequest;
    ///
    /// let request = ListRequest::new();
    /// assert_eq!((request.prefix.as_str(), request.limit, request.cursor), ("", 256, None));
    /// ```
    pub const fn new() -> Self {
        Self {
            prefix: String::new(),
            limit: 256,
            cursor: None,
        }
    }

    /// Returns the request for those names alone that begin with `prefix`, byte by byte. Default: the empty prefix, which
    /// all names have.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::ListRequest;
    ///
    /// assert_eq!(ListRequest::new().with_prefix("github").prefix, "github");
    /// ```
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            ..self
        }
    }

    /// Returns the request for about `limit` limiters, between 1 and [1000](Self::MAX_LIMIT).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::ListRequest;
    ///
    /// assert_eq!(ListRequest::new().with_limit(10).limit, 10);
    /// assert_eq!(ListRequest::new().with_limit(0).limit, 1);
    /// ```
    #[must_use]
    pub fn with_limit(self, limit: usize) -> Self {
        Self {
            limit: limit.clamp(1, Self::MAX_LIMIT),
            ..self
        }
    }

    /// Returns the request for the page that begins at `cursor`.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::ListRequest;
    ///
    /// assert_eq!(ListRequest::new().with_cursor("github").cursor.as_deref(), Some("github"));
    /// ```
    #[must_use]
    pub fn with_cursor(self, cursor: impl Into<String>) -> Self {
        Self {
            cursor: Some(cursor.into()),
            ..self
        }
    }
}

impl Default for ListRequest {
    fn default() -> Self {
        Self::new()
    }
}

/// A limiter that a store keeps.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, ListRequest, MemoryStore, Request, State, Store, Ticks};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), paced::store::StoreError> {
/// let store = MemoryStore::new();
/// let peek = Request::new(Action::Peek, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
/// store.transact("github", &peek).await?;
/// let page = store.list(&ListRequest::new()).await?;
/// assert_eq!(page.limiters[0].name, "github");
/// assert_eq!(page.limiters[0].state, State::default());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredLimiter {
    /// Name of the limiter. A resource of a server, such as GitHub's `search`, has the limiter's name with
    /// `#search` after it.
    pub name: String,
    /// State of the limiter.
    pub state: State,
}

impl StoredLimiter {
    /// Creates the limiter `name` with its state.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{State, StoredLimiter};
    ///
    /// assert_eq!(StoredLimiter::new("github", State::default()).name, "github");
    /// ```
    pub fn new(name: impl Into<String>, state: State) -> Self {
        Self {
            name: name.into(),
            state,
        }
    }
}

/// A page of the limiters that a store keeps.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, ListRequest, Listing, MemoryStore, Request, Store, Ticks};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), paced::store::StoreError> {
/// let store = MemoryStore::new();
/// let peek = Request::new(Action::Peek, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
/// store.transact("github", &peek).await?;
/// store.transact("gitlab", &peek).await?;
/// let Listing { limiters, next, .. } = store.list(&ListRequest::new().with_limit(1)).await?;
/// assert_eq!(limiters[0].name, "github");
///
/// let last = store.list(&next.expect("a second page")).await?;
/// assert_eq!(last.limiters[0].name, "gitlab");
/// assert_eq!(last.next, None);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// The store's time.
    pub now: Ticks,
    /// The limiters of this page.
    pub limiters: Vec<StoredLimiter>,
    /// The request for the next page; `None` after the last one.
    pub next: Option<ListRequest>,
}

impl Listing {
    /// Creates a page at the store's time `now`; `next` asks for the page after it.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{ListRequest, Listing, State, StoredLimiter, Ticks};
    ///
    /// // A store whose cursor is the number of the page.
    /// let next = ListRequest::new().with_cursor("2");
    /// let limiters = vec![StoredLimiter::new("github", State::default())];
    /// let page = Listing::new(Ticks::from_secs(1_000), limiters, Some(next));
    /// assert_eq!(page.next.unwrap().cursor.as_deref(), Some("2"));
    /// ```
    pub const fn new(now: Ticks, limiters: Vec<StoredLimiter>, next: Option<ListRequest>) -> Self {
        Self {
            now,
            limiters,
            next,
        }
    }

    /// Returns the page that `request` asks for, out of all `states` of a store that has them at hand. The cursor
    /// is the last name of a page.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{ListRequest, Listing, State, Ticks};
    ///
    /// let states = [("b", State::default()), ("a", State::default())];
    /// let now = Ticks::from_secs(1_000);
    /// let page = Listing::of(now, states.clone(), &ListRequest::new().with_limit(1));
    /// assert_eq!(page.limiters[0].name, "a");
    /// let last = Listing::of(now, states, &page.next.unwrap());
    /// assert_eq!((last.limiters[0].name.as_str(), last.next), ("b", None));
    /// ```
    pub fn of<N: AsRef<str>>(
        now: Ticks,
        states: impl IntoIterator<Item = (N, State)>,
        request: &ListRequest,
    ) -> Self {
        let is_asked = |name: &str| {
            let after = request.cursor.as_deref().is_none_or(|last| name > last);
            after && name.starts_with(&*request.prefix)
        };
        let mut limiters: Vec<_> = states
            .into_iter()
            .filter(|(name, _)| is_asked(name.as_ref()))
            .map(|(name, state)| StoredLimiter::new(name.as_ref(), state))
            .collect();
        limiters.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let is_last = limiters.len() <= request.limit;
        limiters.truncate(request.limit.max(1));
        Self::page(now, limiters, is_last, request)
    }

    /// Returns the page with these limiters, which are in the order of their names.
    pub(super) fn page(
        now: Ticks,
        limiters: Vec<StoredLimiter>,
        is_last: bool,
        request: &ListRequest,
    ) -> Self {
        let last = limiters.last().filter(|_| !is_last);
        let next = last.map(|last| request.clone().with_cursor(&last.name));
        Self {
            now,
            limiters,
            next,
        }
    }
}
