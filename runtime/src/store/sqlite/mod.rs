//! A store in a file, for the processes of one machine.

mod busy;
mod checkpoint;
mod database;
mod error;
mod folder;
mod header;
mod inbox;
mod jobs;
mod open_files;
mod schema;
mod session;
mod table;
mod worker;

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use super::ListFuture;
use super::ListRequest;
use super::Request;
use super::Store;
use super::StoreError;
use super::StoreFuture;

use self::worker::Worker;

/// A store in an SQLite file, for the processes of one machine.
///
/// All limiters whose stores name the same file and that have the same name share one limit, whichever
/// process they are in. It survives all of them: a process that starts later finds the bucket, the cooldowns
/// and what was learnt as the others left it.
///
/// # The file
///
/// It is opened with the first request, and created where it is missing, for its owner alone (mode
/// 0600). Beside it SQLite keeps two more while it is in use, `-wal` and `-shm`: the folder must be
/// writable. It stays small: what has meant nothing for a day is deleted.
///
/// It can be deleted at any time: the next request creates it anew, and limiters that run bring back what
/// they remember. While it is in use, do not put another file in its place, and do not remove one of
/// the other two alone.
///
/// # The table
///
/// The file has a table, `limiter_2`, with a row for each limiter and one for each resource of a server that it was
/// told of: `github#search`. Each key of a keyed limiter has a row, `crm:` and a hash of the key. With `?namespace=staging` the name is `staging/github`. Instants are in
/// [ticks](super::Ticks) of the machine's clock, 4,000,000 a second since 1970.
///
/// | column | meaning |
/// | --- | --- |
/// | `name` | the limiter's name, the primary key |
/// | `state` | the state, which [`State::from_bytes`](super::State::from_bytes) reads |
/// | `expires_at` | when it means nothing any more; it is deleted a day later |
///
/// The table `limiter` is that of the first version of this crate. A limiter that is not in the new table begins with
/// what is there; a process of the first version that still runs does not see what is new, so that both together use
/// up to twice the quota. It is refused when it opens the file again.
///
/// `PRAGMA application_id` is `0x70616364`, and `PRAGMA user_version` is the version of the tables: 2.
///
/// # Files that are refused
///
/// A file that is damaged, that belongs to another program or was written by a newer version of
/// `paced` is an error, and left as it is.
///
/// # Threads
///
/// Each process has one thread for a file, which does all its requests and never holds up a runtime.
/// Requests that arrive meanwhile are done together, in one transaction. The thread ends with the last
/// store of the file, and rests after ten seconds without a request: then nothing is kept open. After
/// some thousand changes a second thread waits for the disk, once.
///
/// A process that is killed at any instant leaves nothing behind that others would have to wait for.
/// A power cut can lose the last seconds.
///
/// # Errors
///
/// Requests fail with an error that is [not rejected](StoreError::is_rejected), so that limiters do what
/// their [`OnStoreError`](super::OnStoreError) says, when
///
/// * another process has held the file for two seconds: one that was stopped halfway. Processes that are
///   merely many wait for each other, and never see that the file is locked;
/// * the disk is full or fails.
///
/// They fail with a rejected error where no further try helps: the folder does not exist, the file or
/// its folder may not be written, or the file was not made by this crate.
///
/// # Cancel safety
///
/// A request that is dropped before the thread has come to it is not done.
///
/// # Time
///
/// The machine's clock, as all its processes see it. Setting it back changes no wait. Setting it forward
/// by more than ten minutes changes none either while a limiter that was there before goes on; otherwise
/// one burst gets through, and a cooldown ends earlier by as much for limiters that did not know of it.
///
/// # Not supported
///
/// * Several machines: network file systems (NFS, SMB, 9p, Ceph, AFS) and FUSE are refused where they
///   can be told, which is on Linux.
/// * Tests on paused time: they cannot wait for a thread. [`MemoryStore`](super::MemoryStore) is for them.
/// * A file in a container's image layer, or one with several hard links.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use paced::store::SqliteStore;
/// use paced::{Limiter, Quota};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("paced-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let store = Arc::new(SqliteStore::open(folder.join("quota.db"))?);
/// let quota = Quota::new("5/s".parse()?);
/// let limiter = Limiter::builder(quota).name("api").store(store).build()?;
/// limiter.acquire().await?;
/// # drop(limiter);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
///
/// With the attribute: `#[rate_limited(rate = 5, store = "sqlite:quota.db")]`.
pub struct SqliteStore {
    worker: Arc<Worker>,
}

impl SqliteStore {
    /// Returns the store in the file at `path`. Nothing is opened before the first request.
    ///
    /// A relative path means the folder that is the current one now, also when that changes later.
    ///
    /// # Errors
    ///
    /// [`is_rejected`](StoreError::is_rejected) for a path that is empty, and for a relative one where there is no
    /// current folder.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Action, Limit, Limits, Request, SqliteStore, Store, Ticks};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("paced-open-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// let path = folder.join("quota.db");
    /// let store = SqliteStore::open(&path)?;
    /// assert!(!path.exists());
    ///
    /// let request = Request::new(Action::Peek, Limits::one(Limit::new(Ticks::from_millis(200), 5)));
    /// store.transact("github", &request).await?;
    /// assert!(path.exists());
    /// assert!(SqliteStore::open("").unwrap_err().is_rejected());
    /// # drop(store);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(()) }
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = std::path::absolute(path)
            .map_err(|error| StoreError::rejected(format!("no path of a file: {error}")))?;
        Ok(Self {
            worker: Worker::of(path),
        })
    }
}

/// Opens the store of a URL `sqlite:path`.
pub(super) fn open(path: &str) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(SqliteStore::open(path)?))
}

impl Store for SqliteStore {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(self.worker.ask(key, request))
    }

    /// In the order of the names. Done by the file's thread; a file that is missing has no limiters, and is not
    /// created for that.
    fn list<'a>(&'a self, request: &'a ListRequest) -> ListFuture<'a> {
        Box::pin(self.worker.list(request))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.worker.path())
            .finish()
    }
}
