//! The file, open.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use super::busy;
use super::error::SqliteFailure;
use super::folder::Folder;
use super::header;
use super::open_files::Entry;
use super::open_files::Identity;
use super::open_files::OpenFiles;
use super::schema;

/// Path and identity of a file.
#[derive(Clone, Debug)]
pub(super) struct File {
    path: PathBuf,
    identity: Identity,
}

/// The file, open. Closed in the order of the fields.
pub(super) struct Database {
    connection: Connection,
    _entry: Entry,
    file: File,
}

impl Database {
    /// Opens the file, and creates it or brings it up to date first if need be.
    pub(super) fn open(path: &Path) -> Result<Self, SqliteFailure> {
        // To the end of this function.
        let folder = Folder::lock(path)?;
        folder.create()?;
        let mut database = Self::connect(path)?;
        match database.prepare() {
            Err(_) if !database.is_in_place() => Err(SqliteFailure::Away("was deleted".to_owned())),
            prepared => prepared.map(|()| database),
        }
    }

    fn prepare(&mut self) -> Result<(), SqliteFailure> {
        // Until it is known to be whole, nothing is written to it, not even what is in its `-wal`.
        self.keep_as_it_is(true)?;
        schema::prepare(&mut self.connection)?;
        self.keep_as_it_is(false)?;
        // Enough to survive the end of processes; only a power cut can lose the last transactions.
        let set = |name, value| self.connection.pragma_update(None, name, value);
        set("synchronous", 1)?;
        // `Checkpoint` does it.
        set("wal_autocheckpoint", 0)?;
        Ok(())
    }

    /// Opens the same file once more.
    pub(super) fn beside(file: &File) -> Result<Self, SqliteFailure> {
        let database = Self::connect(&file.path)?;
        if database.file.identity != file.identity {
            return Err(SqliteFailure::Away("was replaced".to_owned()));
        }
        Ok(database)
    }

    fn connect(path: &Path) -> Result<Self, SqliteFailure> {
        let mut files = OpenFiles::lock();
        // A file that this process has open has been checked.
        if !files.has(identify(path)?) {
            header::vet(path)?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        #[allow(unused_mut, reason = "newer versions of rusqlite borrow it mutably")]
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_handler(Some(busy::again as fn(i32) -> bool))?;
        let identity = identify(path)?;
        Ok(Self {
            connection,
            _entry: files.add(identity),
            file: File {
                path: path.to_owned(),
                identity,
            },
        })
    }

    /// Sets whether closing leaves the file without what is in its `-wal`.
    pub(super) fn keep_as_it_is(&self, keep: bool) -> Result<(), SqliteFailure> {
        let flag = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        self.connection.set_db_config(flag, keep)?;
        Ok(())
    }

    /// Returns whether the path still leads to this file.
    pub(super) fn is_in_place(&self) -> bool {
        identify(&self.file.path).is_ok_and(|found| found == self.file.identity)
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }
}

fn identify(path: &Path) -> Result<Identity, SqliteFailure> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Identity::of(&metadata)),
        Err(error) => Err(SqliteFailure::of_file_system("cannot be opened", &error)),
    }
}
