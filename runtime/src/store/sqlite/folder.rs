//! The folder of the file: whether a file can be in it, and how it is created there.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::busy;
use super::error::SqliteFailure;

/// The folder of a file, locked: no other process of ours opens or creates one there meanwhile.
///
/// Opening is rare, and this keeps it simple: a file that exists is whole.
pub(super) struct Folder<'a> {
    file: &'a Path,
    /// Unlocked when it is closed.
    _lock: Option<File>,
}

impl<'a> Folder<'a> {
    /// Locks the folder of the file at `path`.
    pub(super) fn lock(path: &'a Path) -> Result<Self, SqliteFailure> {
        let folder = path
            .parent()
            .ok_or_else(|| SqliteFailure::no_store("is no file"))?;
        Ok(Self {
            file: path,
            _lock: system::lock(folder)?,
        })
    }

    /// Creates the file if there is none, for its owner alone.
    pub(super) fn create(&self) -> Result<(), SqliteFailure> {
        let path = self.file;
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => return Ok(()),
            Ok(_) => return Err(SqliteFailure::no_store("is no file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(SqliteFailure::of_file_system("cannot be opened", &error)),
        }
        // Left by a file that was deleted alone, and in use by processes that have not noticed yet.
        for suffix in ["-journal", "-wal", "-shm"] {
            match fs::remove_file(beside(path, suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(SqliteFailure::of_file_system("cannot be created", &error));
                }
                _ => {}
            }
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        system::for_owner_alone(&mut options);
        let created = options.open(path);
        created.map_err(|error| SqliteFailure::of_file_system("cannot be created", &error))?;
        Ok(())
    }
}

/// Returns the path of a file that SQLite keeps beside a database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(unix)]
mod system {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::Access;
    use rustix::fs::FlockOperation;
    use rustix::io::Errno;

    use super::File;
    use super::OpenOptions;
    use super::Path;
    use super::SqliteFailure;
    use super::busy;
    use super::fs;
    use super::io;

    pub(super) fn for_owner_alone(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn lock(folder: &Path) -> Result<Option<File>, SqliteFailure> {
        vet(folder)?;
        let failed =
            |error| SqliteFailure::of_file_system("needs a folder that can be used", &error);
        let handle = File::open(folder).map_err(failed)?;
        let mut count = 0;
        loop {
            match rustix::fs::flock(&handle, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Some(handle)),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                Err(error) => return Err(failed(error.into())),
            }
            if !busy::again(count) {
                return Err(SqliteFailure::Busy);
            }
            count += 1;
        }
    }

    /// Checks that SQLite can create files beside the database, and share memory through one of them.
    fn vet(folder: &Path) -> Result<(), SqliteFailure> {
        let failed =
            |error| SqliteFailure::of_file_system("needs a folder that can be written", &error);
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(failed(io::ErrorKind::NotADirectory.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SqliteFailure::Denied(format!("needs a folder: {error}")));
            }
            Err(error) => return Err(failed(error)),
        }
        rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|error| failed(error.into()))?;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(name) = rustix::fs::statfs(folder)
            .ok()
            .and_then(|found| super::network(i128::from(found.f_type)))
        {
            return Err(SqliteFailure::Rejected(format!(
                "is on {name}, where processes cannot share memory reliably: give a path on a local disk"
            )));
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod system {
    use super::File;
    use super::OpenOptions;
    use super::Path;
    use super::SqliteFailure;

    /// Files get the rights of their folder.
    pub(super) fn for_owner_alone(_: &mut OpenOptions) {}

    /// SQLite's own locks remain.
    pub(super) fn lock(_: &Path) -> Result<Option<File>, SqliteFailure> {
        Ok(None)
    }
}

/// Returns the name of a file system that is not on this machine, or may not be, by its magic number.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn network(magic: i128) -> Option<&'static str> {
    // Some platforms have it as a signed number.
    match magic & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some("FUSE"),
        0x00c3_6400 => Some("Ceph"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x7375_7245 => Some("Coda"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x0116_1970 => Some("GFS2"),
        0x7461_636f => Some("OCFS2"),
        _ => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::network;

    /// The numbers of `statfs(2)`.
    #[test]
    fn file_systems_of_other_machines_are_known() {
        for (magic, name) in [
            (0x6969, Some("NFS")),
            (0xfe53_4d42, Some("SMB")),
            // As platforms with signed numbers have it.
            (-0x01ac_b2be, Some("SMB")),
            (0x0102_1997, Some("9p")),
            (0x6573_5546, Some("FUSE")),
            // ext4, tmpfs, btrfs, xfs, overlayfs, ZFS.
            (0xef53, None),
            (0x0102_1994, None),
            (0x9123_683e, None),
            (0x5846_5342, None),
            (0x794c_7630, None),
            (0x2fc1_2fc1, None),
        ] {
            assert_eq!(network(magic), name, "{magic:#x}");
        }
    }
}
