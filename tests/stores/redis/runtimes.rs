//! One store, several runtimes.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use paced::store::RedisStore;
use paced::store::Request;
use paced::store::Store as _;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use super::server::Server;
use crate::stepping::draw;
use crate::stepping::limits;

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn ask(runtime: &Runtime, store: &RedisStore) {
    let request = Request::new(draw(1), limits());
    let answer = runtime.block_on(store.transact("api", &request));
    answer.expect("an answer");
}

#[test]
fn a_runtime_that_has_ended_leaves_nothing_behind() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    for _ in 0..5 {
        ask(&runtime(), &store);
    }
    let last = runtime();
    ask(&last, &store);
    // One for the last, and the one that asks; the server notices when it looks.
    let begun = Instant::now();
    loop {
        let clients: String = server.tell(&["CLIENT", "LIST", "TYPE", "normal"]);
        if clients.lines().count() == 2 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{clients}");
        // In real time: the server has to notice that the connection ended.
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_runtime_that_is_not_driven_holds_up_no_other() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = Arc::new(server.store());
    let (one, other) = (runtime(), runtime());
    for _ in 0..3 {
        ask(&one, &store);
        ask(&other, &store);
    }
}

#[test]
fn all_requests_of_a_runtime_use_one_connection() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = Arc::new(server.store());
    let runtime = runtime();
    runtime.block_on(async {
        let mut requests = tokio::task::JoinSet::new();
        for number in 0..50 {
            let store = Arc::clone(&store);
            requests.spawn(async move {
                let request = Request::new(draw(1), limits());
                let key = format!("api-{number}");
                store.transact(&key, &request).await.expect("an answer");
            });
        }
        requests.join_all().await;
    });
    let clients: String = server.tell(&["CLIENT", "LIST", "TYPE", "normal"]);
    assert_eq!(clients.lines().count(), 2, "{clients}");
}
