//! Checkpoints: copies the `-wal` into the file, in a thread of its own. That waits for the disk, which can
//! take a quarter of a second while others use it, and no request should wait for that.

use std::thread;
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::busy;
use super::database::Database;
use super::database::File;
use super::error::SqliteFailure;

/// Number of states written between two checkpoints: about 4 MB.
const EVERY: usize = 4000;

/// Pages of a `-wal` above which it is restarted, although all processes have to wait for the disk meanwhile.
/// About 50 MB. Reached where processes write so much that it never ends by itself.
const LONGEST: i64 = 50_000;

/// Starts a checkpoint now and then.
#[derive(Debug, Default)]
pub(super) struct Checkpoint {
    /// States written since the last checkpoint was started.
    written: usize,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoint {
    /// Starts a checkpoint because the disk is full: it makes room in the `-wal`.
    pub(super) fn hurry(&mut self, file: &File) {
        self.count(EVERY, file);
    }

    /// Counts the states written to the file, and starts a checkpoint if it is time.
    pub(super) fn count(&mut self, written: usize, file: &File) {
        self.written += written;
        let runs = self.thread.as_ref().is_some_and(|it| !it.is_finished());
        if self.written < EVERY || runs {
            return;
        }
        self.written = 0;
        let file = file.clone();
        // What fails is done next time, or when the file is closed.
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

/// Runs a checkpoint. Returns the number of pages of the `-wal`.
fn checkpoint(connection: &Connection, how: &str) -> Result<i64, SqliteFailure> {
    busy::begin();
    let pragma = format!("PRAGMA wal_checkpoint({how})");
    Ok(connection.query_row(&pragma, [], |row| row.get(1))?)
}
