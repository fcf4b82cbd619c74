//! A folder for a test, with a store's file in it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use paced::store::State;
use rusqlite::Connection;

/// A folder that is removed with all that is in it.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("paced-stores-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a folder");
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the store is.
    pub(super) fn file(&self) -> PathBuf {
        self.0.join("quota.db")
    }

    /// The file, as any other program would open it.
    pub(super) fn connect(&self) -> Connection {
        Connection::open(self.file()).expect("a database")
    }

    /// Changes all states.
    pub(super) fn change(&self, change: impl Fn(&mut State)) {
        let connection = self.connect();
        let all = "SELECT name, state FROM limiter_2";
        let mut select = connection.prepare(all).expect("our table");
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        let rows: Vec<(String, Vec<u8>)> = rows.expect("rows").map(Result::unwrap).collect();
        for (name, bytes) in rows {
            let mut state = State::from_bytes(&bytes).expect("a state");
            change(&mut state);
            let expires_at = i64::try_from(state.expires_at().get()).unwrap_or(i64::MAX);
            let update = "UPDATE limiter_2 SET state = ?, expires_at = ? WHERE name = ?";
            let changed = (state.to_bytes(), expires_at, name);
            connection.execute(update, changed).expect("our table");
        }
    }

    /// Changes the file from outside.
    pub(super) fn execute(&self, sql: &str) {
        self.connect().execute_batch(sql).expect("SQL that fits");
    }

    /// Asserts that nothing in the file is damaged.
    pub(super) fn check(&self) {
        let check = "PRAGMA integrity_check";
        let said: String = self
            .connect()
            .query_row(check, [], |row| row.get(0))
            .expect("an answer");
        assert_eq!(said, "ok");
    }

    pub(super) fn set_mode(&self, mode: u32) {
        fs::set_permissions(&self.0, fs::Permissions::from_mode(mode)).expect("our folder");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.set_mode(0o700);
        drop(fs::remove_dir_all(&self.0));
    }
}
