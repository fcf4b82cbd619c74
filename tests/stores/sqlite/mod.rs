//! The store in a file: real files, and real processes that share them.

mod attribute;
mod clock;
mod damage;
mod ends;
mod files;
mod folder;
mod processes;
mod resuming;
pub(crate) mod running;
mod slots;
mod versions;

use std::sync::Arc;

use paced::store::Action;
use paced::store::Reply;
use paced::store::Request;
use paced::store::SqliteStore;
use paced::store::Store;
use paced::store::StoreError;
use paced::store::Ticks;
use paced::store::conformance;

use crate::stepping::hourly;

use self::folder::Folder;

const HOUR: Ticks = Ticks::from_secs(3600);

/// Asks for a key of a token per hour, ten at once.
async fn ask(store: &SqliteStore, key: &str, action: Action) -> Result<Reply, StoreError> {
    store.transact(key, &Request::new(action, hourly())).await
}

/// Draws tokens that are free now.
const fn free(tokens: u32) -> Action {
    Action::Draw {
        tokens,
        horizon: Ticks::ZERO,
        longest: Ticks::ZERO,
        drain: false,
    }
}

fn open(folder: &Folder) -> SqliteStore {
    SqliteStore::open(folder.file()).expect("a path")
}

/// On several threads, and on one, where waiting for the file would hold up everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_a_file_conforms() {
    let folder = Folder::new();
    conformance::check(Arc::new(open(&folder))).await;
}

#[tokio::test]
async fn the_store_in_a_file_conforms_on_one_thread() {
    let folder = Folder::new();
    conformance::check(Arc::new(open(&folder))).await;
}

/// Two stores of the same file, whose paths are spelt so that each has its own thread.
#[tokio::test]
async fn two_stores_of_one_file_share_it() {
    let folder = Folder::new();
    let one = open(&folder);
    std::fs::create_dir(folder.path().join("down")).expect("a folder");
    let other = SqliteStore::open(folder.path().join("down/../quota.db")).expect("a path");
    for (store, granted) in [(&one, 4), (&other, 4), (&one, 2), (&other, 0)] {
        let answer = ask(store, "shared", free(4)).await.expect("an answer");
        assert_eq!(answer.granted(), granted);
    }
}

#[tokio::test]
async fn two_stores_of_one_file_share_several_limits() {
    let folder = Folder::new();
    let one = Arc::new(open(&folder));
    std::fs::create_dir(folder.path().join("down")).expect("a folder");
    let other = SqliteStore::open(folder.path().join("down/../quota.db")).expect("a path");
    let other = Arc::new(other);
    let stores: [Arc<dyn Store>; 2] = [
        Arc::<SqliteStore>::clone(&one),
        Arc::<SqliteStore>::clone(&other),
    ];
    crate::row_stores::check(stores).await;
    crate::row_closing::check([one, other], 2).await;
}
