//! Brings what is in the `-wal` into the file, by a thread of its own: it waits for the disk, which can
//! take a quarter of a second while others use it, and nobody who asks should wait for that.

use std::thread;
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::busy;
use super::database::Database;
use super::database::File;
use super::error::SqliteFailure;

/// After so many states written: at about 4 MB.
const EVERY: usize = 4000;

/// In pages: where processes write so much that it never ends by itself, a `-wal` that has become longer
/// than this is begun anew, although all have to wait for the disk meanwhile. About 50 MB.
const LONGEST: i64 = 50_000;

/// Copies now and then.
#[derive(Debug, Default)]
pub(super) struct Checkpoint {
    /// States written since it was started last.
    written: usize,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoint {
    /// The disk is full: what was copied makes room in the `-wal`.
    pub(super) fn hurry(&mut self, file: &File) {
        self.count(EVERY, file);
    }

    /// So many states were written to the file.
    pub(super) fn count(&mut self, written: usize, file: &File) {
        self.written += written;
        let runs = self.thread.as_ref().is_some_and(|it| !it.is_finished());
        if self.written < EVERY || runs {
            return;
        }
        self.written = 0;
        let file = file.clone();
        // What does not work now is done next time, or when the file is closed.
        let copy = move || drop(copy(&file));
        let name = "paced-sqlite-wal".to_owned();
        self.thread = thread::Builder::new().name(name).spawn(copy).ok();
    }
}

fn copy(file: &File) -> Result<(), SqliteFailure> {
    let database = Database::beside(file)?;
    if checkpoint(database.connection(), "PASSIVE")? > LONGEST {
        checkpoint(database.connection(), "RESTART")?;
    }
    Ok(())
}

/// How many pages the `-wal` has.
fn checkpoint(connection: &Connection, how: &str) -> Result<i64, SqliteFailure> {
    busy::begin();
    let pragma = format!("PRAGMA wal_checkpoint({how})");
    Ok(connection.query_row(&pragma, [], |row| row.get(1))?)
}
