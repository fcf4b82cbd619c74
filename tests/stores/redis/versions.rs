//! Keys of the first version, and fields that a newer one has added.

use paced::store::Action;
use paced::store::Request;
use paced::store::Store as _;

use super::server::Server;
use super::server::tell;
use crate::stepping::START;
use crate::stepping::T;
use crate::stepping::draw;
use crate::stepping::hourly;
use crate::stepping::limits;
use crate::versions::FIRST;
use crate::versions::is_first;

const FIELDS: [&str; 9] = [
    "full_at",
    "full_at2",
    "full_at3",
    "full_at4",
    "paused_until",
    "generation",
    "learnt_interval",
    "learnt_until",
    "seen",
];

#[tokio::test]
async fn a_limiter_begins_with_what_the_first_version_kept_and_leaves_it_alone() {
    let Some(server) = Server::start() else {
        return;
    };
    let (url, store) = (server.url(), server.store());
    let mut set = vec!["HSET".to_owned(), "paced1:{api}".to_owned()];
    for (field, number) in FIELDS.iter().zip(FIRST) {
        set.extend([(*field).to_owned(), number.to_string()]);
    }
    let set: Vec<_> = set.iter().map(String::as_str).collect();
    let _: u64 = tell(&url, &set);
    let peek = Request::new(Action::Peek, limits());
    let reply = store.transact_at("api", &peek, START + T).await;
    is_first(&reply.expect("an answer").state);
    // Once: from then on it is this version's.
    let _: u64 = tell(&url, &["HSET", "paced1:{api}", "generation", "9"]);
    let reply = store.transact_at("api", &peek, START + T).await;
    is_first(&reply.expect("an answer").state);
    assert_eq!(tell::<u64>(&url, &["HLEN", "paced1:{api}"]), 9);
    // An old key that cannot be read counts for nothing.
    let _: String = tell(&url, &["SET", "paced1:{text}", "somebody's"]);
    let reply = store
        .transact("text", &Request::new(draw(1), limits()))
        .await;
    assert_eq!(reply.expect("an answer").granted(), 1);
}

#[tokio::test]
async fn fields_of_a_newer_version_are_kept_as_they_are() {
    let Some(server) = Server::start() else {
        return;
    };
    let (url, store) = (server.url(), server.store());
    let request = Request::new(draw(1), hourly());
    store.transact("api", &request).await.expect("an answer");
    let newer = ["HSET", "paced2:{api}", "later", "x\u{e9}", "later1", "12"];
    assert_eq!(tell::<u64>(&url, &newer), 2);
    let reply = store.transact("api", &request).await.expect("an answer");
    assert_eq!(reply.granted(), 1);
    let kept: (String, u64) = tell(&url, &["HMGET", "paced2:{api}", "later", "later1"]);
    assert_eq!(kept, ("x\u{e9}".to_owned(), 12));
}
