//! Keys in Redis.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use paced::Keyed;
use paced::Quota;
use paced::store::Policy;

use crate::redis::server::Server;

use super::ACME;
use super::running;

#[test]
fn processes_share_each_key_and_redis_has_no_name_of_one() {
    let Some(server) = Server::start() else {
        return;
    };
    running::check(&server.url());
    let keys: Vec<String> = server.tell(&["KEYS", "*"]);
    assert_eq!(keys.len(), 3, "{keys:?}");
    // In braces, so that each key can be on another server of a cluster.
    assert!(keys.contains(&format!("paced2:{{{ACME}}}")), "{keys:?}");
    for key in &keys {
        let digits = key.strip_prefix("paced2:{crm:").expect("our key");
        assert_eq!(digits.len(), 33);
        let left: i64 = server.tell(&["PTTL", key]);
        assert!(
            left > 0 && left < 2 * 3600 * 1000,
            "each expires by itself: {left}"
        );
        let dump: Vec<Vec<u8>> = server.tell(&["HGETALL", key]);
        let dump = format!("{key} {}", String::from_utf8_lossy(&dump.concat()));
        for tenant in ["acme", "globex", "initech"] {
            assert!(!dump.contains(tenant), "{dump}");
        }
    }
}

#[test]
fn processes_share_the_limits_of_all_keys() {
    let Some(server) = Server::start() else {
        return;
    };
    running::check_rows(&server.url());
    let keys: Vec<String> = server.tell(&["KEYS", "*"]);
    let shared = "paced2:{team.shared}".to_owned();
    assert!(keys.contains(&shared), "{keys:?}");
}

#[tokio::test]
async fn a_thousand_keys_use_one_connection_and_leave_no_task() {
    let Some(server) = Server::start() else {
        return;
    };
    let hundred = NonZeroU32::new(100).expect("above 0");
    let quota = Quota::per_hour(hundred).with_burst(hundred);
    let builder = Keyed::<usize>::builder(quota).name("crm");
    // A server answers when it likes.
    let policy = Policy::new().timeout(Duration::from_secs(20));
    let builder = builder.store(Arc::new(server.store())).store_policy(policy);
    let keyed = Arc::new(builder.build().expect("a right limiter"));
    let mut calls = tokio::task::JoinSet::new();
    for key in 0..1000 {
        let keyed = Arc::clone(&keyed);
        calls.spawn(async move { keyed.acquire(&key).await.map(|_| ()) });
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    assert_eq!(server.tell::<usize>(&["DBSIZE"]), 1000);
    let clients: String = server.tell(&["CLIENT", "LIST", "TYPE", "normal"]);
    // And the one that asks.
    assert_eq!(clients.lines().count(), 2, "{clients}");
    let tasks = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    assert!(tasks < 10, "{tasks}");
}
