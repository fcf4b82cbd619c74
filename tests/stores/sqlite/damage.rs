//! Files that are none of ours, or not any more: a clear error, and not a byte of them is changed.

use std::fs;

use paced::store::Action;
use paced::store::ListRequest;
use paced::store::Store as _;
use rusqlite::Connection;

use super::Folder;
use super::ask;
use super::free;
use super::open;
use super::running::Process;

/// The bytes of a store that was closed in good order.
async fn store() -> Vec<u8> {
    let folder = Folder::new();
    let store = open(&folder);
    for number in 0..50 {
        ask(&store, &format!("key {number}"), free(1))
            .await
            .expect("an answer");
    }
    drop(store);
    // Closed by the thread, some time after the last store is gone.
    folder.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    fs::read(folder.file()).expect("our file")
}

/// Returns a store's error for a file with these bytes, and checks that they are left alone.
async fn refused(bytes: &[u8]) -> String {
    let folder = Folder::new();
    fs::write(folder.file(), bytes).expect("our folder");
    let store = open(&folder);
    let mut said = String::new();
    for _ in 0..2 {
        let error = ask(&store, "key 7", free(1)).await.expect_err("no store");
        assert!(error.is_rejected(), "{error}");
        said = error.to_string();
    }
    drop(store);
    assert!(
        fs::read(folder.file()).expect("our file") == bytes,
        "{said}"
    );
    said
}

const INSTEAD: &str =
    "give another path, or remove it together with its -wal and -shm to begin anew";

#[tokio::test]
async fn a_file_that_is_no_database() {
    let said = format!("quota.db is not an SQLite database: {INSTEAD}");
    for bytes in [
        &b"x"[..],
        b"# my notes\n",
        &[0; 5000],
        b"SQLite format 2\0and more",
    ] {
        assert_eq!(refused(bytes).await, said);
    }
}

#[tokio::test]
async fn a_file_that_is_cut_short_or_has_wrong_bytes() {
    let whole = store().await;
    let said = format!("quota.db is damaged: {INSTEAD}");
    for length in [50, 100, 700, 1024, 1500, whole.len() - 1024] {
        assert_eq!(refused(&whole[..length]).await, said, "{length}");
    }
    for at in [100, 103, 1024, 1029, whole.len() - 1024] {
        let mut bytes = whole.clone();
        bytes[at..at + 8].fill(0xa5);
        assert_eq!(refused(&bytes).await, said, "{at}");
    }
}

/// Whatever is flipped: an error, or an answer. Never a panic, a hang or a change of the file that is
/// refused.
#[tokio::test]
async fn files_with_bits_flipped_anywhere() {
    let whole = store().await;
    let mut refusals = 0;
    for at in (0..whole.len()).step_by(37) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let folder = Folder::new();
        fs::write(folder.file(), &bytes).expect("our folder");
        let store = open(&folder);
        if let Err(error) = ask(&store, "key 7", Action::Peek).await {
            assert!(error.is_rejected(), "byte {at}: {error}");
            assert!(
                fs::read(folder.file()).expect("our file") == bytes,
                "byte {at}"
            );
            refusals += 1;
        }
    }
    assert!(refusals > 20, "{refusals}");
}

#[tokio::test]
async fn the_database_of_another_program() {
    let said = format!("quota.db is the database of another program: {INSTEAD}");
    for sql in [
        "CREATE TABLE person (name TEXT)",
        "PRAGMA journal_mode = wal; CREATE TABLE person (name TEXT)",
        "PRAGMA application_id = 7; CREATE TABLE limiter (name TEXT)",
        "PRAGMA user_version = 1; CREATE TABLE limiter (name TEXT)",
    ] {
        let folder = Folder::new();
        Connection::open(folder.file())
            .expect("a database")
            .execute_batch(sql)
            .expect("SQL");
        let bytes = fs::read(folder.file()).expect("our file");
        assert_eq!(refused(&bytes).await, said, "{sql}");
    }
}

#[tokio::test]
async fn a_database_that_says_it_is_ours_and_is_not() {
    for sql in [
        "PRAGMA application_id = 0x70616364; CREATE TABLE limiter (name TEXT)",
        "PRAGMA application_id = 0x70616364; PRAGMA user_version = 1; CREATE TABLE person (name TEXT)",
        "PRAGMA application_id = 0x70616364; PRAGMA user_version = 1; CREATE TABLE limiter (name TEXT)",
    ] {
        let folder = Folder::new();
        folder.execute(sql);
        let error = ask(&open(&folder), "key", free(1))
            .await
            .expect_err("no store");
        assert!(error.is_rejected(), "{error}");
        assert_eq!(error.to_string(), format!("quota.db is damaged: {INSTEAD}"));
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version() {
    let folder = Folder::new();
    ask(&open(&folder), "key", free(1))
        .await
        .expect("an answer");
    folder.execute("PRAGMA user_version = 3; PRAGMA wal_checkpoint(TRUNCATE)");
    let said = refused(&fs::read(folder.file()).expect("our file")).await;
    let expected = "quota.db was written by a newer version of paced (its schema is 3, this one knows 2): \
                    update this program, or give it another path";
    assert_eq!(said, expected);
}

/// Brought up to date by another process that has it open: the file itself does not say so yet.
#[test]
fn a_newer_version_that_is_not_in_the_file_yet() {
    let folder = Folder::new();
    let said = Process::start(&folder.file()).ask("draw key 1");
    assert!(said.starts_with("granted 1 "), "{said}");
    let other = folder.connect();
    other
        .pragma_update(None, "user_version", 3)
        .expect("our file");
    let bytes = fs::read(folder.file()).expect("our file");
    let said = Process::start(&folder.file()).ask("draw key 1");
    assert!(
        said.starts_with("rejected quota.db was written by a newer version"),
        "{said}"
    );
    assert!(fs::read(folder.file()).expect("our file") == bytes);
    drop(other);
}

/// A row whose name is no text: only listings that contain it fail.
#[tokio::test]
async fn a_listing_that_fails_fails_alone() {
    let folder = Folder::new();
    let store = open(&folder);
    ask(&store, "key", free(1)).await.expect("an answer");
    folder.execute(
        "INSERT INTO limiter_2 SELECT CAST(x'ff' AS TEXT), state, expires_at FROM limiter_2",
    );
    let all = ListRequest::new();
    for _ in 0..20 {
        // Together, as in one transaction.
        let (before, listing, after) = tokio::join!(
            ask(&store, "key", Action::Peek),
            store.list(&all),
            ask(&store, "other", Action::Peek)
        );
        before.expect("an answer");
        after.expect("an answer");
        let error = listing.expect_err("no text");
        assert!(error.is_rejected(), "{error}");
    }
}
