//! The conformance suite on Redis, and the form of the keys.

use std::sync::Arc;
use std::time::Instant;

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::ListRequest;
use paced::store::Request;
use paced::store::Store as _;
use paced::store::Ticks;
use paced::store::Wait;
use paced::store::conformance;

use super::server;
use super::server::patient;
use super::server::tell;
use crate::stepping::SECOND;
use crate::stepping::draw;
use crate::stepping::learn_pace;
use crate::stepping::pause_for;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_redis_conforms() {
    let Some((url, _server)) = server::any() else {
        return;
    };
    conformance::check(Arc::new(patient(&url))).await;
}

fn minute() -> Limits {
    Limits::one(Limit::new(60 * SECOND, 10))
}

#[tokio::test]
async fn every_change_leaves_an_expiry() {
    let Some((url, _server)) = server::any() else {
        return;
    };
    let store = patient(&url);
    let run: u64 = rand::random();
    let name = format!("expiry-{run:016x}");
    let key = format!("paced2:{{{name}}}");
    let learn = |duration| learn_pace(90 * SECOND, duration);
    let peek = Request::new(Action::Peek, minute());
    store.transact(&name, &peek).await.expect("an answer");
    assert_eq!(tell::<u64>(&url, &["EXISTS", &key]), 0, "nothing to keep");

    for action in [
        draw(1),
        draw(20),
        learn(Ticks::ZERO),
        learn(600 * SECOND),
        pause_for(Ticks::new(1)),
        pause_for(Ticks::MAX),
        Action::Resume { forget: true },
    ] {
        let request = Request::new(action.clone(), minute());
        let begun = Instant::now();
        let answer = store.transact(&name, &request).await.expect("an answer");
        let left: u64 = tell(&url, &["PTTL", &key]);
        let passed = u64::try_from(begun.elapsed().as_millis()).expect("seconds") + 1;
        // In milliseconds; to the next whole one, and one more.
        let needed = (answer.state.expires_at() - answer.now)
            .get()
            .div_ceil(4000);
        assert!(left <= needed + 1, "{action:?}: {left} of {needed}");
        assert!(left + passed >= needed, "{action:?}: {left} of {needed}");
    }
    let _: u64 = tell(&url, &["DEL", &key]);
}

#[tokio::test]
async fn a_key_that_holds_something_else_is_left_alone() {
    let Some((url, _server)) = server::any() else {
        return;
    };
    let store = patient(&url);
    let run: u64 = rand::random();
    let name = format!("wrong-{run:016x}");
    let key = format!("paced2:{{{name}}}");
    let _: () = tell(&url, &["SET", &key, "somebody's", "EX", "600"]);
    for action in [draw(1), Action::Peek] {
        let error = store.transact(&name, &Request::new(action, minute())).await;
        let error = error.expect_err("a string");
        assert!(error.is_rejected(), "{error}");
        assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    }
    assert_eq!(tell::<String>(&url, &["GET", &key]), "somebody's");
    let _: u64 = tell(&url, &["DEL", &key]);
}

#[tokio::test]
async fn an_edited_state_closes_nothing_for_good() {
    let Some((url, _server)) = server::any() else {
        return;
    };
    let store = patient(&url);
    let run: u64 = rand::random();
    for (number, value) in ["", "-5", "nan", "inf", "1e300", "0.5", "text", "\u{1f980}"]
        .iter()
        .enumerate()
    {
        let name = format!("edited-{run:016x}-{number}");
        let key = format!("paced2:{{{name}}}");
        for field in [
            "full_at",
            "full_at2",
            "paused_until",
            "generation",
            "learnt_until",
            "seen",
        ] {
            let _: u64 = tell(&url, &["HSET", &key, field, value]);
        }
        let request = Request::new(draw(1), minute());
        let answer = store.transact(&name, &request).await.expect("an answer");
        let furthest = minute().as_slice()[0].interval() * 513 + 60 * SECOND;
        assert_eq!(
            answer.granted() + u32::from(answer.last().wait > Wait::NONE),
            1,
            "{value:?}: {answer:?}"
        );
        assert!(
            answer.last().wait <= Wait::ahead(furthest),
            "{value:?}: {answer:?}"
        );
        let _: u64 = tell(&url, &["DEL", &key]);
    }
}

#[tokio::test]
async fn a_list_passes_over_what_is_not_ours_and_says_what_is_refused() {
    let Some(server) = server::Server::start() else {
        return;
    };
    let url = server.url();
    let store = patient(&url);
    store
        .transact("ours", &Request::new(draw(1), minute()))
        .await
        .expect("an answer");
    for number in 0..500 {
        let _: () = tell(&url, &["SET", &format!("other:{number}"), "somebody's"]);
    }
    let _: () = tell(&url, &["SET", "paced2:{text}", "somebody's"]);
    let _: u64 = tell(&url, &["HSET", "paced2:{empty}", "field", "1"]);
    let (mut names, mut pages) = (Vec::new(), 0);
    let mut next = Some(ListRequest::new().with_limit(20));
    while let Some(request) = next {
        let page = store.list(&request).await.expect("a page");
        names.extend(page.limiters.into_iter().map(|limiter| limiter.name));
        pages += 1;
        next = page.next;
    }
    assert_eq!(names, ["ours"]);
    assert!(pages > 10, "{pages}");

    let wrong = ListRequest::new().with_cursor("ours");
    assert!(
        store
            .list(&wrong)
            .await
            .unwrap_err()
            .to_string()
            .contains("cursor")
    );
    let all = ["ACL", "SETUSER", "default", "-scan"];
    let _: () = tell(&url, &all);
    let error = store.list(&ListRequest::new()).await.unwrap_err();
    assert!(
        error.is_rejected() && error.to_string().contains("NOPERM"),
        "{error}"
    );
}
