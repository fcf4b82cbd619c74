//! Schema of the file, and how older files are brought up to date.

use rusqlite::Connection;
use rusqlite::TransactionBehavior;

use super::error::SqliteFailure;

/// `pacd`, in the header of the file: no other program's database has it.
const APPLICATION_ID: i32 = 0x7061_6364;

/// Steps from each version to the next, from the empty file on. Only ever added to: files of all versions
/// exist.
const STEPS: &[&str] = &[
    "
    CREATE TABLE limiter (
        name TEXT NOT NULL PRIMARY KEY,
        full_at INTEGER NOT NULL,
        full_at_2 INTEGER NOT NULL,
        full_at_3 INTEGER NOT NULL,
        full_at_4 INTEGER NOT NULL,
        paused_until INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        learnt_interval INTEGER NOT NULL,
        learnt_until INTEGER NOT NULL,
        seen INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE limiter_2 (
        name TEXT NOT NULL PRIMARY KEY,
        state BLOB NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
];

/// Smaller than usual: each transaction writes one page.
const PAGE_SIZE: i32 = 1024;

/// Maximum number of pages of a file that is checked when it is opened: in larger ones SQLite notices damage
/// as it comes to it.
const MOST_PAGES: i64 = 1024;

/// Checks that a file with this identity is a store that this version can read.
pub(super) fn vet(id: i32, version: i32) -> Result<(), SqliteFailure> {
    vet_for(latest(STEPS), id, version)
}

fn vet_for(latest: i32, id: i32, version: i32) -> Result<(), SqliteFailure> {
    if id != APPLICATION_ID {
        return Err(SqliteFailure::no_store(
            "is the database of another program",
        ));
    }
    match usize::try_from(version) {
        Ok(1..) if version > latest => Err(SqliteFailure::Rejected(format!(
            "was written by a newer version of paced (its schema is {version}, this one knows {latest}): \
             update this program, or give it another path"
        ))),
        Ok(1..) => Ok(()),
        _ => Err(SqliteFailure::damaged()),
    }
}

/// Makes the file a store of this version: creates what it should have, or brings it up to date.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), SqliteFailure> {
    prepare_by(connection, STEPS)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(SqliteFailure::Rejected(format!(
            "is on a file system that cannot share memory between processes (its journal is {mode}): \
             give a path on a local disk"
        )));
    }
    look_through(connection)
}

fn prepare_by(connection: &mut Connection, steps: &[&str]) -> Result<(), SqliteFailure> {
    let found = FileContents::of(connection)?;
    if found.version == latest(steps) {
        return vet_for(latest(steps), found.id, found.version);
    }
    // Has no effect on a file that has pages already.
    connection.pragma_update(None, "page_size", PAGE_SIZE)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been quicker.
    let found = FileContents::of(&transaction)?;
    if found.is_nothing() {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    } else {
        vet_for(latest(steps), found.id, found.version)?;
    }
    let done = usize::try_from(found.version).unwrap_or(0);
    for step in steps.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", latest(steps))?;
    Ok(transaction.commit()?)
}

/// Identity and contents of a file as SQLite sees them, including what is in its `-wal`.
struct FileContents {
    id: i32,
    version: i32,
    tables: i64,
}

impl FileContents {
    fn of(connection: &Connection) -> Result<Self, SqliteFailure> {
        let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get(0));
        let tables = "SELECT count(*) FROM sqlite_schema";
        Ok(Self {
            id: number("application_id")?,
            version: number("user_version")?,
            tables: connection.query_row(tables, [], |row| row.get(0))?,
        })
    }

    const fn is_nothing(&self) -> bool {
        self.id == 0 && self.version == 0 && self.tables == 0
    }
}

/// Finds damage before it is met halfway, in a file that is small enough.
fn look_through(connection: &Connection) -> Result<(), SqliteFailure> {
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    if pages > MOST_PAGES {
        return Ok(());
    }
    let found: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(SqliteFailure::damaged())
    }
}

/// Returns the version after all these steps.
fn latest(steps: &[&str]) -> i32 {
    i32::try_from(steps.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MORE: &[&str] = &[
        STEPS[0],
        STEPS[1],
        "ALTER TABLE limiter ADD COLUMN more INTEGER NOT NULL DEFAULT 7;",
        "CREATE TABLE other (name TEXT) STRICT;",
    ];

    fn is_rejected(result: &Result<(), SqliteFailure>) -> bool {
        matches!(result, Err(SqliteFailure::Rejected(_)))
    }

    #[test]
    fn a_file_of_an_older_version_is_brought_up_to_date_and_keeps_what_it_has() {
        let mut file = Connection::open_in_memory().expect("memory");
        prepare_by(&mut file, STEPS).expect("a new file");
        let insert = "INSERT INTO limiter VALUES ('key', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)";
        file.execute(insert, []).expect("a state");
        for steps in [&MORE[..3], MORE, MORE] {
            prepare_by(&mut file, steps).expect("an older file");
            let found = FileContents::of(&file).expect("a file");
            assert_eq!((found.id, found.version), (APPLICATION_ID, latest(steps)));
        }
        let kept: (i64, i64) = file
            .query_row("SELECT seen, more FROM limiter", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .expect("the state");
        assert_eq!(kept, (9, 7));
        // And cannot be used by the older version any more.
        assert!(is_rejected(&prepare_by(&mut file, STEPS)));
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut file = Connection::open_in_memory().expect("memory");
        prepare_by(&mut file, STEPS).expect("a new file");
        let steps = [
            STEPS[0],
            STEPS[1],
            "CREATE TABLE other (name TEXT); nonsense",
        ];
        assert!(prepare_by(&mut file, &steps).is_err());
        let found = FileContents::of(&file).expect("a file");
        assert_eq!((found.version, found.tables), (2, 2));
        prepare_by(&mut file, STEPS).expect("the same file");
    }

    #[test]
    fn files_that_are_none_of_ours() {
        for (id, version) in [
            (0, 0),
            (0, 1),
            (7, 1),
            (APPLICATION_ID, 0),
            (APPLICATION_ID, -1),
        ] {
            assert!(is_rejected(&vet(id, version)), "{id} {version}");
        }
        assert!(is_rejected(&vet(APPLICATION_ID, latest(STEPS) + 1)));
        assert!(vet(APPLICATION_ID, latest(STEPS)).is_ok());
        let mut file = Connection::open_in_memory().expect("memory");
        file.execute_batch("CREATE TABLE person (name TEXT)")
            .expect("a table");
        assert!(is_rejected(&prepare_by(&mut file, STEPS)));
    }
}
