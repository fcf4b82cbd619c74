//! Permits of a resource: held while the limiter makes the call wait, passed on, called back.

use core::future::Future;
use core::pin::pin;
use core::task::Context;
use core::task::Waker;

use tokio::time::sleep;

use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

use super::Answer;
use super::Api;
use super::api;
use super::search;

/// So little is left that calls go each ten seconds, from ten seconds on.
fn scarce() -> Answer {
    Answer::told("search", 100, 6, 60)
}

#[tokio::test(start_paused = true)]
async fn a_permit_of_a_resource_that_is_not_used_goes_to_the_next() {
    for dropped_at in [5000, 12_000] {
        let api = api();
        api.search(scarce()).await.unwrap().unwrap();
        let first = api.search(Answer::SILENT);
        let second = api.search(Answer::SILENT);
        sleep(ms(1)).await;
        api.limiter.cooldown_for(secs(15));
        sleep(ms(dropped_at - 1)).await;
        first.abort();
        second.await.unwrap().unwrap();
        assert_eq!(api.sent("search", 1), [15_001], "{dropped_at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_in_a_resources_queue_leaves_its_place_to_the_next() {
    let api = api();
    api.search(scarce()).await.unwrap().unwrap();
    let mut first = Box::pin(search(api.clone(), Answer::SILENT));
    assert!(poll_once(&mut first).is_pending());
    let second = api.search(Answer::SILENT);
    sleep(ms(1)).await;
    assert_eq!(api.limiter.snapshot().waiting, 2);
    drop(first);
    assert_eq!(api.limiter.snapshot().waiting, 1);
    second.await.unwrap().unwrap();
    assert_eq!(api.sent("search", 1), [10_000]);
    assert_eq!(api.limiter.snapshot().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn a_permit_of_a_resource_does_not_outlast_a_cooldown_of_the_resource() {
    // The call waits for the limiter with a permit of its resource, and with none because it needs none.
    for paced in [true, false] {
        let api = api();
        let first = if paced {
            scarce()
        } else {
            Answer::plenty("search")
        };
        api.search(first).await.unwrap().unwrap();
        let exhausted = Answer::told("search", 101, 0, 60).late(13_000);
        let telling = api.search(exhausted);
        if paced {
            sleep(ms(10_001)).await;
        } else {
            sleep(ms(1)).await;
        }
        api.limiter.cooldown_for(secs(24));
        let held = api.search(Answer::SILENT);
        telling.await.unwrap().unwrap();
        let told = since(api.start);
        held.await.unwrap().unwrap();
        assert_eq!(api.sent("search", 2), [told + 60_000], "{paced}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_permit_of_the_limiter_goes_to_others_when_the_resource_has_been_closed() {
    let api = api();
    api.introduce().await;
    let telling = api.search(Answer::told("search", 30, 0, 55).late(5000));
    sleep(ms(1)).await;
    api.limiter.cooldown_for(secs(10));
    let held = api.search(Answer::SILENT);
    sleep(ms(1)).await;
    let others: Vec<_> = (0..3).map(|_| api.core(Answer::SILENT)).collect();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(api.sent("core", 1), [10_001, 10_101, 10_201]);
    held.await.unwrap().unwrap();
    telling.await.unwrap().unwrap();
    assert_eq!(api.sent("search", 2), [60_000]);
}

#[tokio::test(start_paused = true)]
async fn the_first_call_after_a_resources_cooldown_may_be_dropped_while_the_limiter_is_closed() {
    let api = api();
    api.introduce().await;
    api.search(Answer::told("search", 30, 0, 60))
        .await
        .unwrap()
        .unwrap();
    let first = api.search(Answer::SILENT);
    let others = [api.search(Answer::SILENT), api.search(Answer::SILENT)];
    sleep(ms(59_000)).await;
    // It gets the resource's permit at 60 s, and would go at 60.5 s.
    api.limiter.cooldown_for(ms(1500));
    sleep(ms(1100)).await;
    first.abort();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(api.sent("search", 2), [60_500, 60_600]);
}

#[tokio::test(start_paused = true)]
async fn a_slower_pace_calls_back_the_permits_of_a_faster_one() {
    let api = api();
    api.introduce().await;
    let slower = api.search(Answer::told("search", 30, 1, 50).late(3500));
    // One each second from one second on, until sixty.
    let faster = Answer::told("search", 3000, 60, 60);
    api.search(faster).await.unwrap().unwrap();
    api.limiter.cooldown_for(secs(4));
    // The first two have the resource's permit when the pace becomes slower.
    let calls = [(); 3].map(|()| api.search(Answer::SILENT));
    slower.await.unwrap().unwrap();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    // One in fifty seconds, later by the longest way that is made up for. The window is over at 53.5 s.
    assert_eq!(api.sent("search", 3), [50_100, 53_500, 53_600]);
}

#[test]
fn a_free_permit_of_a_resource_needs_no_runtime() {
    let api = Api::new(limiter(10.0, 10));
    let mut cx = Context::from_waker(Waker::noop());
    // What is left is told without a reset.
    for left in [5, 4, 3] {
        let answer = Answer::level("search", 30, left);
        let call = pin!(search(api.clone(), answer));
        assert!(call.poll(&mut cx).is_ready(), "{left}");
    }
}
