//! Files of the first version.

use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use paced::store::Action;
use paced::store::Ticks;
use rusqlite::Connection;

use super::Folder;
use super::HOUR;
use super::ask;
use super::free;
use super::open;

#[tokio::test]
async fn a_limiter_begins_with_what_the_first_version_kept() {
    let folder = Folder::new();
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Ticks::from_duration(passed);
    let (full_at, seen) = ((now + 8 * HOUR).get(), now.get());
    let first = Connection::open(folder.file()).expect("a file");
    first
        .execute_batch(&format!(
            "PRAGMA application_id = 0x70616364; PRAGMA user_version = 1;
             CREATE TABLE limiter (
                 name TEXT NOT NULL PRIMARY KEY, full_at INTEGER NOT NULL, full_at_2 INTEGER NOT NULL,
                 full_at_3 INTEGER NOT NULL, full_at_4 INTEGER NOT NULL, paused_until INTEGER NOT NULL,
                 generation INTEGER NOT NULL, learnt_interval INTEGER NOT NULL, learnt_until INTEGER NOT NULL,
                 seen INTEGER NOT NULL, expires_at INTEGER NOT NULL
             ) STRICT, WITHOUT ROWID;
             INSERT INTO limiter VALUES ('key', {full_at}, 0, 0, 0, 0, 3, 0, 0, {seen}, {full_at});"
        ))
        .expect("a file of the first version");
    drop(first);
    let store = open(&folder);
    let reply = ask(&store, "key", free(9)).await.expect("an answer");
    assert_eq!((reply.granted(), reply.state.generation), (2, 3));
    // Once: from then on it is this version's.
    folder.execute("UPDATE limiter SET generation = 7");
    let reply = ask(&store, "key", Action::Peek).await.expect("an answer");
    assert_eq!(reply.state.generation, 3);
    let reply = ask(&store, "other", free(9)).await.expect("an answer");
    assert_eq!(reply.granted(), 9);
    folder.check();
}
