//! Requests after something has happened to the server.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use paced::Limiter;
use paced::Quota;
use paced::store::Action;
use paced::store::RedisStore;
use paced::store::Reply;
use paced::store::Request;
use paced::store::Store as _;
use paced::store::StoreError;
use paced::store::Ticks;
use tokio::task::JoinSet;

use super::server::Server;
use super::server::free_port;
use super::server::patient;
use crate::stepping::draw;
use crate::stepping::hourly;

/// Longer than the store waits for anything, and short for a hang.
const AT_ONCE: Duration = Duration::from_secs(5);

async fn ask(store: &RedisStore, action: Action) -> Result<Reply, StoreError> {
    let begun = Instant::now();
    let answer = store.transact("api", &Request::new(action, hourly())).await;
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    answer
}

/// Asks until the store is back.
async fn until_back(store: &RedisStore) -> Reply {
    let begun = Instant::now();
    loop {
        match ask(store, draw(1)).await {
            Ok(answer) => return answer,
            Err(error) => assert!(!error.is_rejected(), "{error}"),
        }
        assert!(begun.elapsed() < 4 * AT_ONCE, "it does not come back");
        // A server of its own process comes back when it likes.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn unavailable(store: &RedisStore, action: Action) -> String {
    let error = ask(store, action).await.expect_err("it is away");
    assert!(!error.is_rejected(), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_script_that_was_flushed_is_sent_again() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    for drawn in 1..=3 {
        let answer = until_back(&store).await;
        assert_eq!(answer.granted(), 1);
        let known: String = server.tell(&["INFO", "memory"]);
        assert!(
            known.contains("number_of_cached_scripts:1\r\n"),
            "{drawn}: {known}"
        );
        let _: () = server.tell(&["SCRIPT", "FLUSH"]);
    }
    // None of it was lost, and none done twice.
    let answer = until_back(&store).await;
    let (least, most) = (Ticks::from_secs(6 * 3600), Ticks::from_secs(7 * 3600));
    let gone = answer.last().wait.gone();
    assert!(least < gone && gone <= most, "{answer:?}");
}

#[tokio::test]
async fn a_connection_that_was_closed_costs_no_answer() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    until_back(&store).await;
    for _ in 0..3 {
        let killed: u64 = server.tell(&["CLIENT", "KILL", "TYPE", "normal"]);
        assert_eq!(killed, 1);
        ask(&store, draw(1)).await.expect("an answer");
    }
}

#[tokio::test]
async fn a_server_that_was_killed_is_unavailable_until_it_is_back() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let store = server.store();
    until_back(&store).await;
    server.kill();
    for _ in 0..5 {
        let why = unavailable(&store, draw(1)).await;
        assert_eq!(why, "Redis cannot be reached: connection refused");
    }
    server.start_again();
    until_back(&store).await;
}

#[tokio::test]
async fn a_server_that_stood_still_draws_nothing_for_callers_that_left() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = Arc::new(RedisStore::open(&server.url()).expect("a URL"));
    let first = until_back(&store).await;
    server.stop();
    // The limiters' way: nothing is to be done half a second from now.
    let end = first.now + Ticks::from_millis(500);
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&store);
        requests.spawn(async move {
            let request = Request::new(draw(1), hourly()).not_after(end);
            let answer = store.transact("api", &request);
            // By then it has left: as one that failed, as no other connection can be made, or late.
            let answer = tokio::time::timeout(Duration::from_millis(300), answer).await;
            if let Ok(answer) = answer {
                let error = answer.expect_err("it stands still");
                assert!(!error.is_rejected(), "{error}");
            }
        });
    }
    requests.join_all().await;
    // The requests lie in the server's socket until their time is over.
    tokio::time::sleep(Duration::from_millis(600)).await;
    server.go_on();
    let answer = until_back(&store).await;
    let (before, after) = (first.state.rows[0].full_at, answer.state.rows[0].full_at);
    let drawn = (after - before) / Ticks::from_secs(3600);
    // This one, and earlier ones whose answers came too late.
    assert!(drawn < 10, "{drawn} were drawn for callers that had left");
}

#[tokio::test]
async fn an_answer_that_comes_late_is_waited_for() {
    #[paced::rate_limited(limiter = limiter, max_wait = "20s")]
    async fn call(limiter: &Limiter) -> Result<(), ApiError> {
        Ok(())
    }
    let Some(server) = Server::start() else {
        return;
    };
    let url = server.url();
    let store = Arc::new(
        RedisStore::open(&url)
            .expect("a URL")
            .connect_timeout(AT_ONCE),
    );
    let quota = Quota::new("1/h".parse().expect("a rate"));
    let quota = quota.with_burst(3.try_into().expect("above 0"));
    let limiter = Limiter::builder(quota)
        .name("limiter")
        .store(Arc::clone(&store) as _)
        .unregistered()
        .build();
    let limiter = limiter.expect("a limiter");
    call(&limiter).await.expect("one of three");
    server.stop();
    let request = Request::new(draw(1), hourly());
    let back = async {
        // Longer than a connection may owe an answer, and than calls wait that need not.
        tokio::time::sleep(Duration::from_millis(400)).await;
        server.go_on();
    };
    let late = store.transact("api", &request);
    let (late, called, ()) = tokio::join!(late, call(&limiter), back);
    assert_eq!(late.expect("an answer").granted(), 1);
    called.expect("another one");
    call(&limiter).await.expect("the last one");
}

#[tokio::test]
async fn a_port_without_a_server_is_unavailable() {
    if Server::start().is_none() {
        return;
    }
    let store = patient(&format!("redis://127.0.0.1:{}", free_port()));
    unavailable(&store, draw(1)).await;
}

#[tokio::test]
async fn a_server_that_never_answers_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let store = RedisStore::open(&format!("redis://:secret@127.0.0.1:{port}")).expect("a URL");
    let why = unavailable(&store, draw(1)).await;
    assert_eq!(why, "no connection to Redis within 250ms");
}

#[tokio::test]
async fn a_replica_is_unavailable_even_to_a_peek() {
    let master = free_port().to_string();
    let Some(server) = Server::start_with(&["--replicaof", "127.0.0.1", &master]) else {
        return;
    };
    for action in [draw(1), Action::Peek] {
        let why = unavailable(&server.store(), action).await;
        assert!(why.contains("READONLY"), "{why}");
    }
    let _: () = server.tell(&["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    let why = unavailable(&server.store(), draw(1)).await;
    assert!(why.contains("MASTERDOWN"), "{why}");
}

#[tokio::test]
async fn a_server_without_memory_is_unavailable() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    until_back(&store).await;
    let _: () = server.tell(&["CONFIG", "SET", "maxmemory", "1"]);
    let why = unavailable(&store, draw(1)).await;
    assert!(why.contains("OOM"), "{why}");
    let _: () = server.tell(&["CONFIG", "SET", "maxmemory", "0"]);
    ask(&store, draw(1)).await.expect("an answer");
}

#[derive(Debug)]
struct ApiError(paced::Error);

impl From<paced::Error> for ApiError {
    fn from(error: paced::Error) -> Self {
        Self(error)
    }
}

/// No server listens on port 1.
#[paced::rate_limited(rate = 5, store = "redis://127.0.0.1:1", on_store_error = "closed")]
async fn refused() -> Result<(), ApiError> {
    Ok(())
}

#[paced::rate_limited(rate = 5, store = "redis://127.0.0.1:1")]
async fn paced_alone() -> Result<(), ApiError> {
    Ok(())
}

#[tokio::test]
async fn the_attribute_does_what_it_says_while_there_is_no_server() {
    let begun = Instant::now();
    let error = refused().await.expect_err("the store is away").0;
    assert!(error.is_store(), "{error}");
    paced_alone().await.expect("a permit of its own");
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
}
