//! Tokens that arrive late: used, made up for, or too old.

use std::sync::Arc;

use paced::store::Policy;
use tokio::time::sleep;

use crate::late_answers::CLOSED;
use crate::late_answers::SLOW;
use crate::late_answers::impatient;
use crate::late_answers::late_by;
use crate::late_answers::left;
use crate::late_answers::one_left;
use crate::late_answers::patient;
use crate::late_answers::store;
use crate::late_answers::timed;
use crate::sharing::shared;
use crate::sharing::times;
use crate::sharing::with_policy;
use crate::stores::Fate;
use crate::support::ms;
use crate::support::refusal;
use crate::support::secs;

#[tokio::test(start_paused = true)]
async fn a_token_without_a_waiter_is_the_next_callers() {
    let store = store();
    let limiter = one_left(&store, Policy::new()).await;
    store.set(Fate::Late(3000, 0));
    assert!(refusal(impatient(&limiter).await).is_max_wait());
    store.set(Fate::Works);
    sleep(secs(3)).await;
    let (out, took) = timed(impatient(&limiter)).await;
    out.expect("it is here since 2 s");
    assert_eq!(took, 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_still_on_its_way_is_waited_for() {
    let store = store();
    let limiter = left(&store, 2, Policy::new()).await;
    store.set(Fate::Late(0, 400));
    let back = async {
        sleep(ms(160)).await;
        store.set(Fate::Works);
    };
    // Drawn once more when the store is found to work.
    let ((out, took), ()) = tokio::join!(timed(patient(&limiter)), back);
    out.expect("the last token");
    assert!((230..=270).contains(&took), "{took}");
    sleep(ms(300 - took)).await;
    let (out, took) = timed(patient(&limiter)).await;
    out.expect("the one that was drawn first");
    assert_eq!(took, 100);
}

/// No more than the burst and what the rate allows, in any interval.
fn keeps_to_the_envelope(times: &[u64], (per_second, burst): (u64, u64), slack: u64, what: &str) {
    for (first, from) in times.iter().enumerate() {
        for (last, to) in times.iter().enumerate().skip(first) {
            let granted = u64::try_from(last - first).expect("few") + 1;
            // A token more, for those that lie on both edges.
            let allowed = (burst + 1) * 1000 + (to - from + slack) * per_second;
            assert!(
                granted * 1000 <= allowed,
                "{what}: {from} to {to} of {times:?}"
            );
        }
    }
}

fn longest_way(fate: Fate) -> u64 {
    match fate {
        Fate::Late(out, back) => out + back + 2,
        _ => 2,
    }
}

#[tokio::test(start_paused = true)]
async fn requests_sent_meanwhile_are_made_up_for() {
    let fates = [250, 1000, 3000].map(late_by).into_iter().flatten();
    for fate in fates.chain([Fate::Hangs, Fate::FailsLate(1000)]) {
        for (burst, known) in [1, 2, 5, 20]
            .into_iter()
            .flat_map(|b| [(b, true), (b, false)])
        {
            let store = store();
            let limiter = with_policy(&store, 10.0, burst, Policy::new().processes(1));
            if known {
                limiter.acquire().await.expect("a permit");
                sleep(secs(20)).await;
            }
            store.set(fate);
            let back = async {
                sleep(ms(990)).await;
                store.set(Fate::Works);
            };
            let limiters = [&limiter];
            let (times, ()) = tokio::join!(times(&limiters, 60), back);
            let what = format!("{fate:?}, {burst} {known}");
            // Timers are late by less than 2 ms. The length of the first way of all is unknown.
            let slack = if known { 2 } else { longest_way(fate) };
            keeps_to_the_envelope(&times, (10, u64::from(burst)), slack, &what);
            // A tenth of the rate goes unused until it answers, and what has become too old on the way.
            assert!(times[59] <= 6700, "{what}: {times:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_a_late_answer_tells_of_counts() {
    for fate in [Fate::Late(2000, 0), Fate::Late(1000, 1000)] {
        let store = store();
        let (one, other) = (
            shared(&store, SLOW, 3),
            shared(&Arc::new(store.beside()), SLOW, 3),
        );
        one.acquire().await.expect("a permit");
        store.set(fate);
        let pause = async {
            sleep(ms(500)).await;
            other.cooldown_for(secs(60));
        };
        let ((out, took), ()) = tokio::join!(timed(patient(&one)), pause);
        assert!(refusal(out).is_max_wait());
        assert_eq!(took, 2000, "{fate:?}");
        let cooldown = one.snapshot().cooldown.expect("it knows");
        assert_eq!(cooldown, ms(58_500), "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_have_become_too_old_on_the_way_are_not_used() {
    // A bucket that is full again after a second.
    for fate in late_by(5000) {
        let store = store();
        let one = with_policy(&store, 10.0, 10, CLOSED);
        let other = with_policy(&Arc::new(store.beside()), 10.0, 10, CLOSED);
        one.acquire().await.expect("a permit");
        sleep(secs(10)).await;
        store.set(fate);
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let one = one.clone();
            calls.spawn(async move { timed(patient(&one)).await });
        }
        let taken = async {
            sleep(ms(4990)).await;
            store.set(Fate::Works);
            times(&[&other], 10).await
        };
        let (calls, taken) = tokio::join!(calls.join_all(), taken);
        assert_eq!(taken, [0; 10]);
        let mut times = Vec::new();
        for (out, took) in calls {
            out.expect("a permit");
            times.push(took);
        }
        times.sort_unstable();
        let paced: Vec<u64> = (0..10).map(|number| 5090 + number * 100).collect();
        assert_eq!(times, paced, "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_surely_too_late_is_refused_at_once() {
    for policy in [Policy::new(), CLOSED] {
        let store = store();
        let limiter = one_left(&store, policy).await;
        patient(&limiter).await.expect("the other token");
        store.set(Fate::Late(1000, 0));
        let (out, took) = timed(patient(&limiter)).await;
        assert!(refusal(out).is_max_wait());
        assert_eq!(took, 0);
    }
}
