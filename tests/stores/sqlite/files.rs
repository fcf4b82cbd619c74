//! Files on the disk: rights, names, deletion, and places where no file can be.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use paced::store::Action;
use paced::store::ListRequest;
use paced::store::SqliteStore;
use paced::store::Store as _;
use paced::store::Ticks;

use super::Folder;
use super::HOUR;
use super::ask;
use super::free;
use super::open;
use super::running::PROGRAM;
use super::running::Process;
use crate::stepping::pause_for;

#[tokio::test]
async fn nothing_is_opened_before_the_first_request() {
    let folder = Folder::new();
    let store = open(&folder);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    drop(ask(&store, "key", Action::Peek));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    ask(&store, "key", Action::Peek).await.expect("an answer");
    assert!(folder.file().exists());
}

#[tokio::test]
async fn all_files_are_for_their_owner_alone() {
    let folder = Folder::new();
    let store = open(&folder);
    ask(&store, "key", free(1)).await.expect("an answer");
    let mut names = Vec::new();
    for file in fs::read_dir(folder.path()).expect("a folder") {
        let file = file.expect("a file");
        names.push(file.file_name().into_string().expect("a name"));
        let mode = file.metadata().expect("our file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{names:?}");
    }
    names.sort();
    assert_eq!(names, ["quota.db", "quota.db-shm", "quota.db-wal"]);
}

#[tokio::test]
async fn a_file_that_is_empty_becomes_a_store() {
    let folder = Folder::new();
    fs::write(folder.file(), "").expect("our folder");
    let answer = ask(&open(&folder), "key", free(3))
        .await
        .expect("an answer");
    assert_eq!(answer.granted(), 3);
    folder.check();
}

#[tokio::test]
async fn states_that_mean_nothing_any_more_are_deleted_after_a_day() {
    const DAY: u64 = 24 * 3600 * 4_000_000;
    let folder = Folder::new();
    let store = open(&folder);
    for number in 0..2000 {
        ask(&store, &format!("key {number}"), free(1))
            .await
            .expect("an answer");
    }
    let count = || -> u32 {
        let count = "SELECT count(*) FROM limiter_2";
        folder
            .connect()
            .query_row(count, [], |row| row.get(0))
            .expect("a count")
    };
    assert_eq!(count(), 2000);
    // The last thousand has been idle for a day, give or take an hour.
    folder.execute(&format!(
        "UPDATE limiter_2 SET expires_at = expires_at - {DAY} - 2 * {}",
        HOUR.get()
    ));
    for number in 0..1000 {
        ask(&store, &format!("key {number}"), free(1))
            .await
            .expect("an answer");
    }
    // Done after the answers: one more request, to be sure that it is.
    ask(&store, "key 0", free(1)).await.expect("an answer");
    assert!(count() <= 1001, "{}", count());
}

/// Else what is kept beside the file would grow for as long as it is in use.
#[tokio::test]
async fn checkpoints_move_writes_into_the_file_while_it_is_in_use() {
    let folder = Folder::new();
    let store = open(&folder);
    let changed = || {
        let metadata = fs::metadata(folder.file()).expect("our file");
        metadata.modified().expect("a time")
    };
    ask(&store, "key", free(1)).await.expect("an answer");
    let before = changed();
    let mut written = 0;
    while changed() == before {
        let pause = pause_for(Ticks::new(written << 32));
        ask(&store, "key", pause).await.expect("an answer");
        written += 1;
        assert!(written < 100_000);
    }
    assert!(written >= 1000, "{written}");
}

#[tokio::test]
async fn places_where_no_file_can_be() {
    let folder = Folder::new();
    let missing = folder.path().join("missing/quota.db");
    let inside = folder.path().join("file/quota.db");
    fs::write(folder.path().join("file"), "").expect("our folder");
    for (path, words) in [
        (missing.as_path(), "quota.db needs a folder: No such file"),
        (
            inside.as_path(),
            "quota.db needs a folder that can be written: not a directory",
        ),
        (folder.path(), "is no file: give another path"),
        (Path::new("/"), "is no file: give another path"),
        (Path::new("/dev/null"), "null is no file: give another path"),
    ] {
        let store = SqliteStore::open(path).expect("a path");
        let error = ask(&store, "key", free(1)).await.expect_err("no place");
        assert!(error.is_rejected(), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let store = SqliteStore::open(&inside).expect("a path");
    let error = ask(&store, "key", free(1)).await.expect_err("no place");
    let file = folder.path().join("file");
    let mode = fs::metadata(&file).expect("our file").permissions().mode() & 0o777;
    let rights = format!("(folder {}, mode {mode:04o})", file.display());
    assert!(error.to_string().ends_with(&rights), "{error}");
    assert!(SqliteStore::open("").expect_err("no path").is_rejected());
}

/// A process that is not root, which may write everywhere, in a folder of its own. It runs a copy of
/// the program, which it can read wherever the original is.
fn start_as_nobody(folder: &Folder) -> Process {
    const NOBODY: u32 = 65534;
    let program = folder.path().join("program");
    if !program.exists() {
        fs::copy(PROGRAM, &program).expect("our folder");
    }
    let mut command = Command::new(&program);
    command.arg(folder.file());
    if fs::metadata(&program).expect("our file").uid() == 0 {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("we are root");
        command.uid(NOBODY).gid(NOBODY);
    }
    Process::spawn(&mut command)
}

#[test]
fn a_folder_that_may_not_be_written_is_an_error_that_says_so() {
    let folder = Folder::new();
    drop(start_as_nobody(&folder));
    folder.set_mode(0o555);
    let said = start_as_nobody(&folder).ask("draw key 1");
    let expected = "rejected quota.db needs a folder that can be written: Permission denied";
    assert!(said.starts_with(expected), "{said}");
    assert!(!folder.file().exists());
}

#[test]
fn a_file_that_may_not_be_written_is_an_error_that_says_so() {
    let folder = Folder::new();
    let said = start_as_nobody(&folder).ask("draw key 1");
    assert!(said.starts_with("granted 1 "), "{said}");
    for (mode, expected) in [
        (0o400, "rejected quota.db cannot be written: "),
        (0o000, "rejected quota.db cannot be read: Permission denied"),
    ] {
        let rights = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.file(), rights).expect("our file");
        let said = start_as_nobody(&folder).ask("draw key 1");
        assert!(said.starts_with(expected), "{said}");
    }
}

#[tokio::test]
async fn a_list_of_a_missing_file_is_empty_and_creates_none() {
    let folder = Folder::new();
    let store = open(&folder);
    let listed = store.list(&ListRequest::new()).await.expect("a page");
    assert_eq!((listed.limiters.len(), listed.next), (0, None));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    ask(&store, "key", free(1)).await.expect("an answer");
    let listed = store.list(&ListRequest::new()).await.expect("a page");
    assert_eq!(listed.limiters[0].name, "key");
    folder.check();
}
