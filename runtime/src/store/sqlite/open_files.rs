//! The files that this process has open through SQLite.
//!
//! Closing any handle of a file gives up all locks that the process has on it, also those that SQLite took
//! through another handle. So no file is read by hand while SQLite has it open.

use std::fs::Metadata;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

static OPEN: Mutex<Vec<Identity>> = Mutex::new(Vec::new());

/// Tells files apart, whatever their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    /// Elsewhere a file that is open cannot be deleted or replaced, and locks belong to handles.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Self {
        Self {
            device: 0,
            inode: 0,
        }
    }
}

/// The list, locked: no file is opened or closed meanwhile.
pub(super) struct OpenFiles(MutexGuard<'static, Vec<Identity>>);

impl OpenFiles {
    pub(super) fn lock() -> Self {
        Self(OPEN.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn has(&self, file: Identity) -> bool {
        self.0.contains(&file)
    }

    pub(super) fn add(&mut self, file: Identity) -> Entry {
        self.0.push(file);
        Entry(file)
    }
}

/// A file that is open until this is dropped.
#[derive(Debug)]
pub(super) struct Entry(Identity);

impl Drop for Entry {
    fn drop(&mut self) {
        let mut files = OpenFiles::lock();
        if let Some(at) = files.0.iter().position(|file| *file == self.0) {
            files.0.swap_remove(at);
        }
    }
}
