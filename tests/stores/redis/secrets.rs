//! Credentials: what they open, and that nothing prints them.

use std::sync::Arc;
use std::time::Duration;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use paced::store;
use paced::store::Policy;
use paced::store::RedisStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreError;

use super::server::Server;
use super::server::patient;
use super::server::tell;
use crate::stepping::draw;
use crate::stepping::limits;

const USER: &str = "somebody";
const PASSWORD: &str = "hunter2";

async fn refused(store: &RedisStore) -> StoreError {
    let error = store
        .transact("api", &Request::new(draw(1), limits()))
        .await;
    let error = error.expect_err("refused");
    assert!(error.is_rejected(), "{error}");
    hides(&error);
    hides(&store);
    error
}

fn hides(value: &dyn core::fmt::Debug) {
    let printed = format!("{value:?}");
    for secret in [USER, PASSWORD, "127.0.0.1"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_rejected_and_not_printed() {
    let Some(server) = Server::start_with(&["--requirepass", "right"]) else {
        return;
    };
    let port = server.port;
    for credentials in [format!(":{PASSWORD}@"), format!("{USER}:{PASSWORD}@")] {
        let url = format!("redis://{credentials}127.0.0.1:{port}");
        let store = Arc::new(patient(&url));
        refused(&store).await;
        // Nor does a limiter work around it, or print it.
        let policy = Policy::new().timeout(Duration::from_secs(20));
        let quota = Quota::new(Rate::per_second(10.try_into().expect("above 0")));
        let limiter = Limiter::builder(quota)
            .name("api")
            .store(store)
            .store_policy(policy)
            .unregistered()
            .build()
            .expect("a limiter");
        let error = limiter.acquire().await.expect_err("refused");
        assert!(error.is_store(), "{error}");
        hides(&error);
        hides(&error.to_string());
        hides(&limiter);
    }
    let error = refused(&server.store()).await;
    assert!(error.to_string().contains("NOAUTH"), "{error}");
}

#[tokio::test]
async fn a_user_without_rights_is_rejected() {
    let Some(server) = Server::start() else {
        return;
    };
    let password = format!(">{PASSWORD}");
    let _: () = server.tell(&[
        "ACL", "SETUSER", USER, "on", &password, "~*", "+@all", "-evalsha", "-eval",
    ]);
    let url = format!("redis://{USER}:{PASSWORD}@127.0.0.1:{}", server.port);
    let store = patient(&url);
    let error = refused(&store).await;
    assert!(error.to_string().contains("NOPERM"), "{error}");

    // Exactly what is documented is enough.
    let mut words = vec!["ACL", "SETUSER", USER, "resetkeys", "-@all", "~paced2:*"];
    words.extend([
        "+evalsha", "+eval", "+time", "+hgetall", "+hset", "+hdel", "+pexpire",
    ]);
    let _: () = server.tell(&words);
    for action in [draw(1), paced::store::Action::Peek] {
        let answer = store.transact("api", &Request::new(action, limits())).await;
        answer.expect("an answer");
    }
}

#[tokio::test]
async fn special_characters_of_a_password_are_written_encoded() {
    let Some(server) = Server::start_with(&["--requirepass", "p@ss/w:rd#%"]) else {
        return;
    };
    let url = format!("redis://:p%40ss%2Fw%3Ard%23%25@127.0.0.1:{}/3", server.port);
    let store = patient(&url);
    let answer = store
        .transact("api", &Request::new(draw(1), limits()))
        .await;
    assert_eq!(answer.expect("an answer").granted(), 1);
    // In the database that the URL names.
    assert_eq!(tell::<u64>(&url, &["DBSIZE"]), 1);
}

#[tokio::test]
async fn a_database_that_there_is_not_is_rejected() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = patient(&format!("{}/4711", server.url()));
    let error = refused(&store).await;
    assert!(error.to_string().contains("database"), "{error}");
}

#[test]
fn urls_that_are_none_are_rejected_and_not_printed() {
    for url in [
        "redis://somebody:hunter2@host:port",
        "redis://somebody:hunter2@host/database",
        "redis://somebody:hunter2@host:99999",
        "redis://somebody:hunter2@host?protocol=hunter2",
        "redis://somebody:hunter2@host#insecure",
        "rediss://somebody:hunter2@host/#insecure",
        "redis://somebody:hun#ter2@host",
        "redis://somebody:hunter2@0.0.0.0",
        "redis://somebody:hunter2@",
        "sqlite:hunter2",
        "http://somebody:hunter2@host",
    ] {
        for error in [
            RedisStore::open(url).map(drop).expect_err(url),
            store::connect(url)
                .map(drop)
                .err()
                .unwrap_or_else(|| StoreError::rejected("another store")),
        ] {
            assert!(error.is_rejected(), "{error}");
            hides(&error);
            hides(&error.to_string());
        }
    }
}
