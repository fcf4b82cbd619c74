//! First bytes of a file, read before SQLite opens it: opening alone would write to files of other programs.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::error::SqliteFailure;
use super::schema;

/// Beginning of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER: u64 = 100;
const USER_VERSION: usize = 60;
const APPLICATION_ID: usize = 68;

/// Checks that the file may be opened: it is empty, or a store that this version can read.
pub(super) fn vet(path: &Path) -> Result<(), SqliteFailure> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(HEADER).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| SqliteFailure::of_file_system("cannot be read", &error))?;
    vet_bytes(&bytes)
}

fn vet_bytes(bytes: &[u8]) -> Result<(), SqliteFailure> {
    if bytes.is_empty() {
        return Ok(());
    }
    if !bytes.starts_with(MAGIC) {
        return Err(SqliteFailure::no_store("is not an SQLite database"));
    }
    let (Some(version), Some(id)) = (number(bytes, USER_VERSION), number(bytes, APPLICATION_ID))
    else {
        return Err(SqliteFailure::damaged());
    };
    schema::vet(id, version)
}

/// Reads an integer of the header: four bytes, the highest first.
fn number(bytes: &[u8], at: usize) -> Option<i32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(i32::from_be_bytes(bytes.try_into().ok()?))
}
