//! Failure to use the file.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::store::StoreError;

/// Failure to use the file. Its text continues a sentence that begins with the file's name.
#[derive(Clone, Debug)]
pub(super) enum SqliteFailure {
    /// Another process has held it for too long.
    Busy,
    /// The disk is full: the file itself is as it was.
    Full,
    /// Another try may succeed, with the file opened anew.
    Away(String),
    /// A person has to look.
    Rejected(String),
    /// A person has to look at the rights of the file or of its folder.
    Denied(String),
}

/// Advice about a file that cannot be a store.
const INSTEAD: &str =
    "give another path, or remove it together with its -wal and -shm to begin anew";

impl SqliteFailure {
    /// Creates the failure of a file that is no store, or not any more.
    pub(super) fn no_store(why: &str) -> Self {
        Self::Rejected(format!("{why}: {INSTEAD}"))
    }

    pub(super) fn damaged() -> Self {
        Self::no_store("is damaged")
    }

    /// Creates the failure that the file system reports of `what`.
    pub(super) fn of_file_system(what: &str, error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        let message = format!("{what}: {error}");
        match error.kind() {
            Kind::NotADirectory
            | Kind::IsADirectory
            | Kind::PermissionDenied
            | Kind::ReadOnlyFilesystem => Self::Denied(message),
            Kind::StorageFull | Kind::QuotaExceeded => Self::Full,
            _ => Self::Away(message),
        }
    }

    /// Returns whether the file has to be opened anew before it can be used again.
    pub(super) const fn ends_session(&self) -> bool {
        !matches!(self, Self::Busy | Self::Full)
    }

    /// Converts the failure for callers.
    pub(super) fn error(&self, path: &Path) -> StoreError {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match self {
            Self::Busy => {
                StoreError::unavailable(format!("{name}: another process has held it for too long"))
            }
            Self::Full => StoreError::unavailable(format!("{name}: the disk is full")),
            Self::Away(why) => StoreError::unavailable(format!("{name}: {why}")),
            Self::Rejected(why) => StoreError::rejected(format!("{name} {why}")),
            Self::Denied(why) => {
                let rights = rights(path);
                StoreError::rejected(format!("{name} {why} ({rights})"))
            }
        }
    }

    /// Returns whether no further try mends it.
    pub(super) const fn is_rejected(&self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Denied(_))
    }
}

/// Describes the folder, its mode and that of the file, as far as they can be seen.
fn rights(path: &Path) -> String {
    let Some(folder) = path.parent() else {
        return String::new();
    };
    let of = |path: &Path| mode(path).map_or_else(String::new, |mode| format!(", mode {mode}"));
    let file = mode(path).map_or_else(String::new, |mode| format!("; the file's mode {mode}"));
    format!("folder {}{}{file}", folder.display(), of(folder))
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = std::fs::metadata(path).ok()?;
    Some(format!("{:04o}", metadata.permissions().mode() & 0o7777))
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<String> {
    None
}

impl From<rusqlite::Error> for SqliteFailure {
    fn from(error: rusqlite::Error) -> Self {
        let Some(code) = error.sqlite_error_code() else {
            // A column of another type, or a row too few: not written by this crate.
            return Self::damaged();
        };
        let extended = error.sqlite_error().map(|error| error.extended_code);
        match code {
            // It was deleted just now.
            ErrorCode::ReadOnly if extended == Some(ffi::SQLITE_READONLY_DBMOVED) => {
                Self::Away("was deleted".to_owned())
            }
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed => Self::Busy,
            ErrorCode::DiskFull => Self::Full,
            // `Unknown` is SQLITE_ERROR: statements that the file's tables do not fit.
            ErrorCode::NotADatabase
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::Unknown => Self::damaged(),
            ErrorCode::PermissionDenied | ErrorCode::ReadOnly => Self::Denied(format!(
                "cannot be written: {error}; the file and its folder must be writable"
            )),
            _ => Self::Away(error.to_string()),
        }
    }
}
