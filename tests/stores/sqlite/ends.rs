//! Requests that come to a bad end, and their effect on others.

use std::fs;
use std::path::Path;

use paced::store::Request;
use paced::store::Store as _;
use tokio::task::yield_now;

use crate::stepping::hourly;

use super::Folder;
use super::ask;
use super::free;
use super::open;
use super::running::Process;
use super::running::granted;

#[tokio::test]
async fn a_file_that_is_deleted_while_it_is_open_is_created_anew() {
    let folder = Folder::new();
    let store = open(&folder);
    let floor = ask(&store, "key", free(10)).await.expect("an answer").state;
    for _ in 0..3 {
        // Alone, as people do: what is beside it belongs to what is gone.
        fs::remove_file(folder.file()).expect("our file");
        // A process that remembers brings it back.
        let request = Request::new(free(10), hourly()).with_floor(floor.clone());
        let answer = store.transact("key", &request).await.expect("an answer");
        assert!(answer.granted() <= 1, "{answer:?}");
        assert!(folder.file().exists());
    }
    drop(store);
    folder.check();
}

#[test]
fn all_processes_move_to_the_new_file() {
    let folder = Folder::new();
    let (mut one, mut other) = (
        Process::start(&folder.file()),
        Process::start(&folder.file()),
    );
    for process in [&mut one, &mut other] {
        assert!(process.ask("draw key 10").starts_with("granted 10 "));
    }
    for round in 0..5 {
        fs::remove_file(folder.file()).expect("our file");
        let pause = (round + 1) * 4_000_000_000_u64;
        let said = one.ask(&format!("pause key {pause}"));
        assert_eq!(said, format!("granted 0 paused {pause}"));
        let said = other.ask("draw key 1");
        assert!(said.starts_with("granted 0 paused "), "{said}");
        folder.check();
    }
}

/// At any instant: also just before something is written to it.
#[tokio::test]
async fn a_file_that_is_deleted_again_and_again_is_never_an_error_for_a_person() {
    let folder = Folder::new();
    let store = open(&folder);
    ask(&store, "key", free(1)).await.expect("an answer");
    let file = folder.file();
    let deleting = std::thread::spawn(move || {
        let mut deleted = 0;
        while deleted < 200 {
            deleted += usize::from(fs::remove_file(&file).is_ok());
            // A little later each time.
            (0..deleted * 400).for_each(|_| core::hint::spin_loop());
        }
    });
    while !deleting.is_finished() {
        if let Err(error) = ask(&store, "key", free(1)).await {
            assert!(!error.is_rejected(), "{error}");
        }
    }
    ask(&store, "key", free(1)).await.expect("an answer");
    folder.check();
}

#[tokio::test]
async fn a_file_that_is_locked_for_too_long_is_an_error_and_no_hang() {
    let folder = Folder::new();
    let store = open(&folder);
    ask(&store, "key", free(1)).await.expect("an answer");
    let holder = folder.connect();
    holder.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let error = ask(&store, "key", free(1)).await.expect_err("locked");
    assert!(!error.is_rejected());
    let said = "quota.db: another process has held it for too long";
    assert_eq!(error.to_string(), said);
    holder.execute_batch("ROLLBACK").expect("our lock");
    assert_eq!(
        ask(&store, "key", free(4))
            .await
            .expect("an answer")
            .granted(),
        4
    );
}

/// On the only thread of a runtime, while another connection has the file.
#[tokio::test]
async fn a_runtime_goes_on_while_the_file_is_locked() {
    let folder = Folder::new();
    let store = open(&folder);
    ask(&store, "key", free(1)).await.expect("an answer");
    let holder = folder.connect();
    holder.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let mut turns = 0;
    let (answer, ()) = tokio::join!(biased; ask(&store, "key", free(1)), async {
        while turns < 100 {
            yield_now().await;
            turns += 1;
        }
        holder.execute_batch("ROLLBACK").expect("our lock");
    });
    assert_eq!((answer.expect("an answer").granted(), turns), (1, 100));
}

#[tokio::test]
async fn requests_without_a_waiter_are_not_done() {
    let folder = Folder::new();
    let store = open(&folder);
    ask(&store, "key", free(1)).await.expect("an answer");
    let holder = folder.connect();
    holder.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    // The first one is with the thread already, which may do it.
    for _ in 0..5 {
        let mut asked = Box::pin(ask(&store, "key", free(1)));
        let polled = std::future::poll_fn(|context| {
            std::task::Poll::Ready(asked.as_mut().poll(context).is_ready())
        });
        assert!(!polled.await);
    }
    holder.execute_batch("ROLLBACK").expect("our lock");
    let answer = ask(&store, "key", free(10)).await.expect("an answer");
    assert!(answer.granted() >= 8, "{answer:?}");
}

#[tokio::test]
async fn the_thread_ends_with_the_last_store() {
    let folder = Folder::new();
    let (one, other) = (open(&folder), open(&folder));
    ask(&one, "key", free(1)).await.expect("an answer");
    drop(one);
    ask(&other, "key", free(1)).await.expect("an answer");
    drop(other);
    // SQLite removes it when the file is closed by its last user. Ends with the test's
    // own time limit if that never happens.
    let wal = folder.path().join("quota.db-wal");
    while wal.exists() {
        yield_now().await;
    }
    // Opened anew.
    assert_eq!(
        ask(&open(&folder), "key", free(10))
            .await
            .expect("an answer")
            .granted(),
        8
    );
}

/// A process with a disk of 200 kB of its own, and what it says when that is full. Needs rights that not
/// every machine gives.
fn with_small_disk(path: &Path) -> (Process, &'static str) {
    let script = r#"mount -t tmpfs -o size=200k tmpfs "$(dirname "$1")" && exec "$0" "$1""#;
    let ours: &[&str] = &["unshare", "-m"];
    let users: &[&str] = &["unshare", "-Urm"];
    let shell = [ours, users].into_iter().find(|shell| {
        let mut command = std::process::Command::new(shell[0]);
        command.args(&shell[1..]).arg("true");
        command.output().is_ok_and(|output| output.status.success())
    });
    if let Some(shell) = shell {
        let process = Process::start_by(shell, script, path);
        return (process, "unavailable quota.db: the disk is full");
    }
    // The next best thing: no file may become larger than this.
    let script = r#"trap "" XFSZ; ulimit -f 100; exec "$0" "$1""#;
    (
        Process::start_by(&[], script, path),
        "unavailable quota.db: ",
    )
}

#[test]
fn a_full_disk_is_an_error_for_as_long_as_it_is_full() {
    let folder = Folder::new();
    let filler = folder.path().join("filler");
    let (mut process, full) = with_small_disk(&folder.file());
    assert!(process.ask("draw key 1").starts_with("granted 1 "));
    process.ask(&format!("fill {}", filler.display()));
    let (refused, said) = (0..1000)
        .map(|number| (number, process.ask(&format!("draw key{number} 1"))))
        .find(|(_, said)| !said.starts_with("granted 1 "))
        .expect("a disk that is full");
    assert!(said.starts_with(full), "{said}");
    process.ask(&format!("remove {}", filler.display()));
    assert!(process.ask("draw other 1").starts_with("granted 1 "));
    // What was refused was not done by halves.
    assert_eq!(
        granted(&process.ask(&format!("draw key{refused} 200"))),
        100
    );
}

#[test]
fn a_disk_that_is_full_from_the_start_is_no_damage() {
    let folder = Folder::new();
    let filler = folder.path().join("filler");
    let (mut process, full) = with_small_disk(&folder.file());
    process.ask(&format!("fill {}", filler.display()));
    let said = process.ask("draw key 1");
    // Where only the length of files is bounded, the filler takes nothing from others.
    if full.ends_with("full") {
        assert!(said.starts_with(full), "{said}");
    }
    process.ask(&format!("remove {}", filler.display()));
    assert!(process.ask("draw key 1").starts_with("granted 1 "));
}

/// A token per hour: what the process may do alone is of no use.
#[tokio::test]
async fn a_call_that_would_be_refused_waits_while_the_file_is_locked() {
    use paced::Limiter;
    use paced::Quota;
    use paced::rate_limited;

    #[rate_limited(limiter = limiter, max_wait = "60s")]
    async fn call(limiter: &Limiter) -> Result<(), paced::Error> {
        Ok(())
    }
    let folder = Folder::new();
    let store = std::sync::Arc::new(open(&folder));
    let quota = Quota::new("1/h".parse().expect("a rate"));
    let quota = quota.with_burst(2.try_into().expect("above 0"));
    let limiter = Limiter::builder(quota)
        .name("key")
        .store(store)
        .unregistered()
        .build()
        .expect("a slow rate");
    call(&limiter).await.expect("one of two");
    let holder = folder.connect();
    holder.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let unlocked = async {
        // Longer than calls wait that need not.
        tokio::time::sleep(core::time::Duration::from_millis(300)).await;
        holder.execute_batch("ROLLBACK").expect("our lock");
    };
    let (called, ()) = tokio::join!(call(&limiter), unlocked);
    called.expect("the other one");
    let error = call(&limiter).await.expect_err("an hour is too long");
    let (wait, hour) = (error.retry_after(), core::time::Duration::from_secs(3600));
    assert!(
        wait.is_some_and(|wait| wait > hour / 10 * 9 && wait <= hour),
        "{error}"
    );
}

/// Failures reach a limiter. Its reactions: see the tests of limiters over stores.
#[tokio::test]
async fn a_limiter_paces_itself_while_the_file_is_locked() {
    use paced::Limiter;
    use paced::Quota;

    let folder = Folder::new();
    let store = std::sync::Arc::new(open(&folder));
    let quota = Quota::new("1000/s".parse().expect("a rate"));
    let limiter = Limiter::builder(quota)
        .name("key")
        .store(store)
        .unregistered()
        .build()
        .expect("a slow rate");
    limiter.acquire().await.expect("a permit");
    let holder = folder.connect();
    holder.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    for _ in 0..20 {
        limiter.acquire().await.expect("a permit");
    }
    holder.execute_batch("ROLLBACK").expect("our lock");
    limiter.acquire().await.expect("a permit");
}
