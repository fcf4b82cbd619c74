//! Settlement: what the body says that its attempt took replaces the cost.

use std::io;

use paced::CallOptions;
use paced::Failure;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;
use tracing::Level;

use crate::costs::available;
use crate::costs::costing;
use crate::costs::fine;
use crate::events::listen;
use crate::support::ApiError;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::secs;
use crate::support::since;

fn say(amounts: &[u64]) {
    for amount in amounts {
        paced::spent("requests", *amount);
    }
}

/// Says what the attempt took of several units.
pub(crate) fn say_of(amounts: &[(&str, u64)]) {
    for (unit, amount) in amounts {
        paced::spent(unit, *amount);
    }
}

/// Returns the rest of ten tokens after a call of this cost, whose body says these amounts and returns `out`.
async fn left(cost: u64, amounts: &[u64], out: Result<(), ApiError>) -> u64 {
    let limiter = limiter(0.1, 10);
    let options = costing(cost).max_retries(0);
    let call = limiter.call_with(options, || async {
        say(amounts);
        out
    });
    assert_eq!(call.await.is_ok(), out.is_ok());
    available(&limiter)
}

#[tokio::test(start_paused = true)]
async fn what_was_not_taken_comes_back_and_what_was_taken_beyond_is_charged() {
    for (cost, amounts, expected) in [
        (8, &[3][..], 7),
        (8, &[0], 10),
        (8, &[1, 2, 0, 2], 5),
        (3, &[8], 2),
        (0, &[4], 6),
        (8, &[8], 2),
        (8, &[], 2),
    ] {
        let left = left(cost, amounts, Ok(())).await;
        assert_eq!(left, expected, "{cost} {amounts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_fails_takes_what_its_body_says_or_else_its_cost() {
    for failure in [
        Failure::Status(404),
        Failure::Status(500),
        Failure::Timeout,
        Failure::Reset,
        Failure::Other,
    ] {
        let out = Err(ApiError::of(failure));
        assert_eq!(left(8, &[3], out).await, 7, "{failure}");
        assert_eq!(left(8, &[], out).await, 2, "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_not_sent_takes_nothing_unless_its_body_says_so() {
    let out = Err(ApiError::of(Failure::Connect));
    assert_eq!(left(8, &[], out).await, 10);
    assert_eq!(left(8, &[3], out).await, 7);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_cost_pays_for_an_attempt_that_was_not_sent_as_before() {
    let limiter = limiter(0.1, 10);
    let out = limiter.call_with(CallOptions::new().max_retries(0), || async {
        Err::<(), _>(ApiError::of(Failure::Connect))
    });
    assert!(out.await.is_err());
    assert_eq!(available(&limiter), 9);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_cost_can_say_what_it_took() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, amounts: &[u64]) -> io::Result<()> {
        say(amounts);
        tokio::task::yield_now().await;
        Ok(())
    }
    let limiter = limiter(0.1, 10);
    call(&limiter, &[4]).await.unwrap();
    assert_eq!(available(&limiter), 6);
    call(&limiter, &[0]).await.unwrap();
    assert_eq!(available(&limiter), 6);
    call(&limiter, &[]).await.unwrap();
    assert_eq!(available(&limiter), 5);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_times_out_takes_what_its_body_has_said_until_then() {
    for (amounts, expected) in [(&[3][..], 7), (&[], 2)] {
        let limiter = limiter(0.1, 10);
        let options = costing(8).attempt_timeout(secs(1));
        let call = limiter.call_with(options, || async {
            say(amounts);
            core::future::pending::<io::Result<()>>().await
        });
        assert!(call.await.is_err());
        assert_eq!(available(&limiter), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_under_way_takes_what_its_body_has_said_or_else_its_cost() {
    for (amounts, expected) in [(&[3][..], 7), (&[], 2)] {
        let limiter = limiter(0.1, 10);
        let mut call = Box::pin(limiter.call_with(costing(8), || async {
            say(amounts);
            core::future::pending::<io::Result<()>>().await
        }));
        assert!(poll_once(&mut call).is_pending());
        assert_eq!(available(&limiter), 2);
        drop(call);
        let snapshot = limiter.snapshot();
        assert_eq!((snapshot.available, snapshot.in_flight), (expected, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_settles_as_an_error_does() {
    for (amounts, expected) in [(&[3][..], 7), (&[], 2)] {
        let limiter = limiter(0.1, 10);
        let handle = limiter.clone();
        let call = tokio::spawn(async move {
            let call = handle.call_with(costing(8), || async {
                say(amounts);
                panic!("a mistake in the body");
                #[expect(unreachable_code, reason = "the type of the outcome")]
                io::Result::Ok(())
            });
            call.await
        });
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!(available(&limiter), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_refunded_costs_nothing() {
    for (cost, amounts, expected) in [(1, &[][..], 10), (8, &[], 10), (8, &[3], 7)] {
        let limiter = limiter(0.1, 10);
        let call = limiter.call_with(costing(cost), || async {
            say(amounts);
            paced::refund();
            io::Result::Ok(())
        });
        call.await.unwrap();
        assert_eq!(available(&limiter), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_settles_its_own_cost() {
    let limiter = limiter(0.01, 20);
    let said = Log::new();
    let call = limiter.call_with(costing(6).idempotent(), || async {
        let number = paced::attempt().number();
        said.add(available(&limiter));
        paced::spent("requests", 10_u64.pow(number - 1));
        match number {
            1 => Err(ApiError::of(Failure::Timeout)),
            number => Ok(number),
        }
    });
    assert_eq!(call.await.unwrap(), 2);
    assert_eq!(said.entries(), [14, 13], "the second attempt pays again");
    assert_eq!(available(&limiter), 9);
}

#[tokio::test(start_paused = true)]
async fn what_the_first_attempt_said_does_not_count_for_the_second() {
    let limiter = limiter(0.01, 20);
    let call = limiter.call_with(costing(6).idempotent(), || async {
        match paced::attempt().number() {
            1 => {
                paced::refund();
                Err(ApiError::of(Failure::Timeout))
            }
            number => Ok(number),
        }
    });
    assert_eq!(call.await.unwrap(), 2);
    assert_eq!(available(&limiter), 14);
}

#[tokio::test(start_paused = true)]
async fn the_innermost_call_is_meant() {
    let (outer, inner) = (limiter(0.1, 10), limiter(0.1, 10));
    let call = outer.call_with(costing(5), || async {
        paced::spent("requests", 1);
        let call = inner.call_with(costing(5), || async {
            paced::spent("requests", 2);
            io::Result::Ok(())
        });
        call.await.unwrap();
        paced::spent("requests", 2);
        io::Result::Ok(())
    });
    call.await.unwrap();
    assert_eq!((available(&outer), available(&inner)), (7, 8));
}

#[tokio::test(start_paused = true)]
async fn outside_of_a_call_and_in_spawned_tasks_nothing_happens() {
    paced::spent("requests", 5);
    paced::refund();
    let limiter = limiter(0.1, 10);
    let call = limiter.call_with(costing(5), || async {
        let task = tokio::spawn(async {
            paced::spent("requests", 1);
            paced::refund();
        });
        task.await.unwrap();
        io::Result::Ok(())
    });
    call.await.unwrap();
    assert_eq!(available(&limiter), 5);
}

#[tokio::test(start_paused = true)]
async fn a_refund_serves_waiters_at_once() {
    let (limiter, start) = (limiter(1.0, 10), Instant::now());
    let long = limiter.call_with(costing(10), || async {
        sleep(ms(1500)).await;
        paced::spent("requests", 2);
        io::Result::Ok(())
    });
    let served = async {
        tokio::task::yield_now().await;
        limiter.call_with(costing(7), fine).await.unwrap();
        since(start)
    };
    let (_, served) = tokio::join!(long, served);
    assert_eq!(served, 1500, "7 s without the refund");
}

#[tokio::test(start_paused = true)]
async fn absurd_amounts_do_no_harm() {
    let limiter = limiter(10.0, 10);
    let call = limiter.call_with(costing(5), || async {
        say(&[u64::MAX, u64::MAX]);
        for number in 0..100 {
            paced::spent(&format!("unit {number}"), u64::MAX);
        }
        io::Result::Ok(())
    });
    call.await.unwrap();
    assert_eq!(available(&limiter), 0);
    tokio::time::timeout(secs(3600), limiter.acquire())
        .await
        .expect("the debt is bounded")
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_is_not_there_is_told_once_for_each_function() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, unit: &str) -> io::Result<()> {
        paced::spent(unit, 7);
        Ok(())
    }
    #[rate_limited(limiter = limiter)]
    async fn other(limiter: &Limiter) -> io::Result<()> {
        paced::spent("reqests", 7);
        Ok(())
    }
    let (heard, _guard) = listen();
    let limiter = limiter(0.1, 10);
    for unit in ["tokns", "tokns", "points"] {
        call(&limiter, unit).await.unwrap();
    }
    other(&limiter).await.unwrap();
    assert_eq!(available(&limiter), 6, "they take their usual cost");
    let told = heard.entries();
    let warned = told.iter().filter(|(level, _)| *level == Level::WARN);
    let warned: Vec<_> = warned.map(|(_, text)| text).collect();
    let [first, second] = warned[..] else {
        panic!("{told:#?}")
    };
    for (text, unit) in [(first, "unit=tokns "), (second, "unit=reqests ")] {
        assert!(text.contains(unit) && text.contains("requests"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_attempt_cost_and_took_is_told_to_those_who_listen() {
    let (heard, _guard) = listen();
    let limiter = Limiter::builder(quota(0.1, 10)).name("bills").build();
    let limiter = limiter.unwrap();
    for (cost, amounts) in [(8, &[3][..]), (2, &[])] {
        let call = limiter.call_with(costing(cost), || async {
            say(amounts);
            io::Result::Ok(())
        });
        call.await.unwrap();
    }
    limiter.call(fine).await.unwrap();
    let told = heard.entries();
    let told = told.iter().filter(|(_, text)| text.contains("is settled"));
    let told: Vec<_> = told.map(|(_, text)| text.as_str()).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    for (text, fields) in [
        (told[0], "attempt=1 cost=requests 8 spent=requests 3 "),
        (told[1], "attempt=1 cost=requests 2 spent=as estimated "),
    ] {
        assert!(text.contains(fields), "{text}");
        assert!(text.contains("limiter=bills function="), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_not_held_back_settle_nothing() {
    let limiter = limiter(0.1, 10);
    let guard = paced::testing::unpaced();
    let call = limiter.call_with(costing(5), || async {
        say(&[3]);
        paced::refund();
        drop(paced::meter());
        io::Result::Ok(())
    });
    call.await.unwrap();
    drop(guard);
    assert_eq!(available(&limiter), 10);
}
