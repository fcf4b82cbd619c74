//! A store in Redis.

mod connection;
mod connections;
mod encoding;
mod error;
mod fields;
mod listing;
mod operation;
mod script;
#[cfg(feature = "redis-rustls")]
mod tls;

use core::fmt;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use redis::RedisError;

use crate::store_url;
use crate::store_url::StoreKind;

use super::ListFuture;
use super::ListRequest;
use super::Reply;
use super::Request;
use super::Store;
use super::StoreError;
use super::StoreFuture;
use super::Ticks;

use self::connection::Connection;
use self::connection::Connector;
use self::connections::Connections;
use self::listing::ListOperation;
use self::operation::Operation;
use self::operation::Timeouts;
use self::operation::perform;
use self::script::Script;

const FORM: &str =
    "a store in Redis is written \"redis://user:password@host:port/database\", or \"rediss://..\"";
const FRAGMENT: &str = "a store in Redis is written without `#`; in a password it is `%23`";

const NAMESPACE: &str =
    "a namespace is for `store::connect` and `store::in_namespace`: leave `?namespace=` out here";

/// One limit for processes on several machines, kept in a Redis server.
///
/// Each request is one script that runs in the server, by the server's clock. Where a server refuses its
/// scripts the time (`ElastiCache` Serverless), the store asks for it before, which takes one more round trip.
/// All limiters of a runtime use one connection, which is made at the first request and made anew where it
/// broke.
///
/// # The server
///
/// Redis 5 or later, or Valkey. The user needs the commands `EVALSHA`, `EVAL`, `TIME`, `HGETALL`, `HSET`,
/// `HDEL` and `PEXPIRE` on keys `paced2:*`, and `SCAN` for [`list`](Store::list).
///
/// The first version of this crate had keys `paced1:*`. A limiter that has no key `paced2:` begins with what is there, if
/// the user may read it with `HMGET`. Processes of both versions at once do not see one another, and use up to twice the
/// quota.
///
/// # What is kept
///
/// Each limiter has one key, `paced2:{name}`, and each resource of a server that it was told of, such as GitHub's
/// `search`, one `paced2:{name#search}`. Each key of a keyed limiter has one, `paced2:{name:hash}`, and each on its own server of
/// a cluster. With `?namespace=staging` the name is `staging/name`. The braces are part
/// of the key. It is a hash of some 200 bytes, which `HGETALL` shows, and expires by itself (`PTTL`) two seconds
/// after it means nothing any more. A field that is missing is 0. Instants are in
/// [ticks](Ticks) of the server's clock, 4,000,000 a second since 1970. Fields of each limit end with its number, from 1 on.
///
/// | field | meaning |
/// | --- | --- |
/// | `full_at1` | when the bucket is full again |
/// | `spilt_at1` | when it was full for the last time |
/// | `quota_interval1`, `quota_burst1` | the quota that processes declare, the tightest: ticks from one token to the next, and tokens that are saved up |
/// | `quota_interval_until1`, `quota_burst_until1` | until when it holds against looser ones, where processes differ |
/// | `learnt_interval1`, `learnt_until1` | ticks from one token to the next that the server's answers showed, and until when that holds |
/// | `override_interval1`, `override_capacity1` | the limit that an operator has set |
/// | `headroom1` | how much can be given back of what was drawn before certain calls: records of 16 bytes |
/// | `runs1` | what was sent in a strict window: records of 12 bytes |
/// | `paused_until`, `pause_kind` | no token before this instant; 1: callers are refused meanwhile |
/// | `lifted_until` | the end of a pause that was ended by hand |
/// | `generation` | count of pauses: tokens that were drawn before the last one are void |
/// | `override_until` | until when an operator's limits hold |
/// | `budget_missing`, `budget_at` | units that are missing to a full budget of retries, and as of when |
/// | `leases` | slots of a limited concurrency: records of 24 bytes |
/// | `kept_until` | until when the key is kept at least |
/// | `seen` | when the hash was last changed |
///
/// A newer version of this crate may add fields: they are left as they are.
///
/// # Operating the server
///
/// * **Eviction.** Give it a server, or at least a memory policy, that evicts nothing (`noeviction`): a key
///   that is gone is a full bucket. Limiters that still run put back what they remember of it.
/// * **Persistence** is not needed: the same holds after a restart with nothing left.
/// * **Failover** to a replica may lose the last changes, and is mended alike. An address that has come to
///   lead to a replica is looked up again.
/// * **Cluster.** A URL of any node does, with the feature `redis-cluster`; without it, a server that sends
///   requests elsewhere is an error. The name of the limiter is the key's hash tag.
/// * **TLS** needs the feature `redis-rustls` and a URL `rediss://`. Trusted are the operating system's
///   certificates, or those in the files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name: a Redis seldom has a
///   certificate that the public knows. Unless the program has installed a provider for rustls before, the
///   first connection installs *ring* for the process.
///
/// Not supported: Sentinel, Unix sockets, client certificates, and servers without scripts.
///
/// # Time
///
/// A connection is given up after 250 ms if it cannot be made ([`connect_timeout`](Self::connect_timeout)),
/// and a server that could not be reached is tried again after 50 ms. An answer may come late: it is waited
/// for up to 30 s, but after 100 ms ([`response_timeout`](Self::response_timeout)) later requests use another
/// connection, as this one may be dead. Calls that can go on without the store do so after 150 ms, unless
/// their limiter's [`Policy`](super::Policy) says otherwise.
///
/// # Runtimes
///
/// It can be used from several runtimes and outlive them: each has a connection of its own, which ends
/// with it. They need their I/O drivers. On paused time nothing waits for a server: use a
/// [`MemoryStore`](super::MemoryStore) in tests.
///
/// # Errors
///
/// Refused credentials, missing permissions, a certificate that is not trusted and a key that holds
/// something else are [rejected](StoreError::is_rejected). Everything else may pass: no connection, no
/// answer in time, a server that loads its data, is out of memory or has become a replica. No error and
/// no `Debug` output holds any of the URL, or of what the server wrote.
///
/// # Cancel safety
///
/// A request that is dropped may have been carried out. A connection that it began to make is finished
/// for the next one.
///
/// # Examples
///
/// ```no_run
/// use std::num::NonZeroU32;
/// use std::sync::Arc;
///
/// use paced::store::RedisStore;
/// use paced::{Limiter, Quota, Rate};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(RedisStore::open("redis://:secret@cache.internal/2")?);
/// let quota = Quota::new(Rate::per_second(NonZeroU32::new(50).unwrap()));
/// let limiter = Limiter::builder(quota).name("github").store(store).build()?;
/// limiter.acquire().await?;
/// # Ok(()) }
/// ```
///
/// With the attribute the URL is enough: `store = "redis://cache.internal"`.
pub struct RedisStore {
    connections: Connections,
    script: Script,
    /// For a server that gives a script no time.
    script_with_time_before: Script,
    /// It is one of those.
    gives_no_time: AtomicBool,
    #[cfg(feature = "test-util")]
    script_with_given_time: Script,
    connect_timeout: Duration,
    response_timeout: Duration,
}

impl RedisStore {
    /// Returns the store at this URL: `redis://user:password@host:port/database`, where all but the host may be
    /// missing, or `rediss://..` for TLS. Special characters of a password are percent-encoded.
    ///
    /// Nothing is sent yet. [`store::connect`](super::connect) returns the same store for the same URL each time.
    ///
    /// # Errors
    ///
    /// [`is_rejected`](StoreError::is_rejected) for a URL of another form or with a namespace, and for `rediss://`
    /// without the feature `redis-rustls`.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::RedisStore;
    ///
    /// let store = RedisStore::open("redis://app:pass%2Fword@cache.internal:6379/2")?;
    /// assert!(!format!("{store:?}").contains("cache.internal"));
    /// assert!(RedisStore::open("http://cache.internal").unwrap_err().is_rejected());
    /// # Ok::<(), paced::store::StoreError>(())
    /// ```
    pub fn open(url: &str) -> Result<Self, StoreError> {
        match store_url::store(url) {
            Ok(kind @ (StoreKind::Redis | StoreKind::Rediss)) => {
                kind.enabled().map_err(StoreError::rejected)?;
            }
            _ => return Err(StoreError::rejected(FORM)),
        }
        if super::namespace::split(url).1.is_some() {
            return Err(StoreError::rejected(NAMESPACE));
        }
        if url.contains('#') {
            return Err(StoreError::rejected(FRAGMENT));
        }
        // The client's error may quote the URL.
        let connector = Connector::new(url).map_err(|_| StoreError::rejected(FORM))?;
        Ok(Self {
            connections: Connections::new(connector),
            script: Script::new(),
            script_with_time_before: Script::with_time_before(),
            gives_no_time: AtomicBool::new(false),
            #[cfg(feature = "test-util")]
            script_with_given_time: Script::with_given_time(),
            connect_timeout: Duration::from_millis(250),
            response_timeout: Duration::from_millis(100),
        })
    }

    /// Sets how long making a connection may take, with TLS and credentials. 250 ms by default.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use paced::store::{Action, Limit, Limits, RedisStore, Request, Store, Ticks};
    /// use std::time::Duration;
    ///
    /// # async fn run() -> Result<(), paced::store::StoreError> {
    /// let store = RedisStore::open("rediss://cache.far.example")?.connect_timeout(Duration::from_secs(1));
    /// let request = Request::new(Action::Peek, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
    /// assert_eq!(store.transact("github", &request).await?.granted(), 0);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn connect_timeout(self, connect_timeout: Duration) -> Self {
        Self {
            connect_timeout,
            ..self
        }
    }

    /// Sets how long an answer may take before its connection counts as dead, and later requests use another one.
    /// 100 ms by default; ten round trips are a good value for a server that is far, and the limiters'
    /// [`Policy::timeout`](super::Policy::timeout) has to be longer then.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use paced::store::{Action, Limit, Limits, RedisStore, Request, Store, Ticks};
    /// use std::time::Duration;
    ///
    /// # async fn run() -> Result<(), paced::store::StoreError> {
    /// let store = RedisStore::open("redis://cache.far.example")?.response_timeout(Duration::from_millis(500));
    /// let request = Request::new(Action::Peek, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
    /// assert_eq!(store.transact("github", &request).await?.granted(), 0);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn response_timeout(self, response_timeout: Duration) -> Self {
        Self {
            response_timeout,
            ..self
        }
    }

    /// The same as [`transact`](Store::transact) with a time that is not the server's, for the test that
    /// the script answers what [`step`](super::step) does.
    ///
    /// # Errors
    ///
    /// As for `transact`.
    #[cfg(feature = "test-util")]
    #[doc(hidden)]
    pub async fn transact_at(
        &self,
        key: &str,
        request: &Request,
        now: Ticks,
    ) -> Result<Reply, StoreError> {
        self.ask(key, request, Some(now)).await
    }

    /// Runs the script that the server can run.
    async fn run(
        &self,
        connection: &mut Connection,
        key: &str,
        request: &Request,
        time: Option<Ticks>,
    ) -> Result<Reply, RedisError> {
        #[cfg(feature = "test-util")]
        if time.is_some() {
            let script = &self.script_with_given_time;
            return script.run(connection, key, request, time).await;
        }
        if !self.gives_no_time.load(Ordering::Relaxed) {
            let answer = self.script.run(connection, key, request, time).await;
            if !answer.as_ref().is_err_and(error::is_about_time) {
                return answer;
            }
            self.gives_no_time.store(true, Ordering::Relaxed);
        }
        let now = connection.time().await?;
        let script = &self.script_with_time_before;
        script.run(connection, key, request, Some(now)).await
    }

    const fn timeouts(&self) -> Timeouts {
        Timeouts {
            connect: self.connect_timeout,
            respond: self.response_timeout,
        }
    }

    async fn ask(
        &self,
        key: &str,
        request: &Request,
        time: Option<Ticks>,
    ) -> Result<Reply, StoreError> {
        let step = StepOperation {
            store: self,
            key,
            request,
            time,
        };
        perform(&self.connections, self.timeouts(), &step).await
    }
}

/// A request on a limiter's state.
struct StepOperation<'a> {
    store: &'a RedisStore,
    key: &'a str,
    request: &'a Request,
    /// The time, if it is not the server's.
    time: Option<Ticks>,
}

impl Operation for StepOperation<'_> {
    type Output = Reply;

    async fn run(&self, connection: &mut Connection) -> Result<Reply, RedisError> {
        let Self {
            store,
            key,
            request,
            time,
        } = self;
        store.run(connection, key, request, *time).await
    }
}

impl Store for RedisStore {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(self.ask(key, request, None))
    }

    /// By `SCAN`, a page of which looks at about as many keys of the server as the page may have limiters: a large
    /// server is never held up, and has pages with nothing on them. In no order.
    ///
    /// In a cluster, each node is asked by a store of its own: the list has what the node of the URL keeps. A store
    /// that has found out that it talks to a cluster says that it does not support this.
    fn list<'a>(&'a self, request: &'a ListRequest) -> ListFuture<'a> {
        Box::pin(async move {
            perform(
                &self.connections,
                self.timeouts(),
                &ListOperation { request },
            )
            .await
        })
    }
}

impl fmt::Debug for RedisStore {
    /// Without the URL, which can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}

pub(super) fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(RedisStore::open(url)?))
}
