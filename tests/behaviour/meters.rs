//! Meters: settlement stays open after the call has returned.

use core::mem;
use std::io;
use std::thread;

use paced::CallOptions;
use paced::Failure;
use paced::Limiter;
use paced::Meter;
use tokio::runtime::Builder;

use crate::costs::available;
use crate::costs::costing;
use crate::support::ApiError;
use crate::support::Kept;
use crate::support::limiter;
use crate::support::poll_once;

/// A call of cost 8 that returns its meter.
async fn metered(limiter: &Limiter) -> Meter {
    let call = limiter.call_with(costing(8), || async { io::Result::Ok(paced::meter()) });
    call.await.unwrap()
}

#[test]
fn meters_go_anywhere() {
    fn is_free<T: Send + Sync + 'static>() {}
    is_free::<Meter>();
}

#[tokio::test(start_paused = true)]
async fn what_a_meter_says_is_settled_when_it_is_dropped() {
    for (amounts, expected) in [(&[1, 2][..], 7), (&[0], 10), (&[], 2), (&[9], 1)] {
        let limiter = limiter(0.1, 10);
        let meter = metered(&limiter).await;
        for amount in amounts {
            meter.spent("requests", *amount);
        }
        assert_eq!(available(&limiter), 2, "the cost stands until then");
        drop(meter);
        assert_eq!(available(&limiter), expected, "{amounts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_of_several_meters_settles_the_sum() {
    let limiter = limiter(0.1, 10);
    let call = limiter.call_with(costing(8), || async {
        paced::spent("requests", 1);
        io::Result::Ok((paced::meter(), paced::meter()))
    });
    let (first, second) = call.await.unwrap();
    first.spent("requests", 1);
    drop(first);
    assert_eq!(available(&limiter), 2);
    second.spent("requests", 2);
    drop(second);
    assert_eq!(available(&limiter), 6);
}

#[tokio::test(start_paused = true)]
async fn a_meter_that_is_dropped_in_the_body_settles_with_the_call() {
    let limiter = limiter(0.1, 10);
    let call = limiter.call_with(costing(8), || async {
        paced::meter().spent("requests", 1);
        paced::spent("requests", 1);
        drop(paced::meter());
        assert_eq!(available(&limiter), 2);
        io::Result::Ok(())
    });
    call.await.unwrap();
    assert_eq!(available(&limiter), 8);
}

#[tokio::test(start_paused = true)]
async fn a_meter_works_in_a_task_that_outlives_the_call() {
    let limiter = limiter(0.1, 10);
    let tasks = Kept::default();
    let call = limiter.call_with(costing(8), || async {
        let meter = paced::meter();
        tasks.keep(tokio::spawn(async move {
            for _ in 0..3 {
                tokio::time::sleep(crate::support::ms(10)).await;
                meter.spent("requests", 1);
            }
        }));
        io::Result::Ok(())
    });
    call.await.unwrap();
    assert_eq!(available(&limiter), 2);
    tasks.take().await.unwrap();
    assert_eq!(available(&limiter), 7);
}

#[tokio::test(start_paused = true)]
async fn a_meter_of_an_attempt_that_is_retried_settles_that_attempt() {
    let limiter = limiter(0.01, 20);
    let meters = Kept::default();
    let call = limiter.call_with(costing(6).idempotent(), || async {
        match paced::attempt().number() {
            1 => {
                meters.keep(paced::meter());
                Err(ApiError::of(Failure::Timeout))
            }
            number => {
                paced::spent("requests", 5);
                Ok(number)
            }
        }
    });
    assert_eq!(call.await.unwrap(), 2);
    assert_eq!(available(&limiter), 20 - 6 - 5);
    let meter = meters.take();
    meter.spent("requests", 1);
    drop(meter);
    assert_eq!(available(&limiter), 20 - 1 - 5);
}

#[tokio::test(start_paused = true)]
async fn a_meter_of_an_attempt_that_was_not_sent_gives_back_what_it_does_not_say() {
    for (said, expected) in [(None, 10), (Some(3), 7)] {
        let limiter = limiter(0.1, 10);
        let meters = Kept::default();
        let call = limiter.call_with(costing(8).max_retries(0), || async {
            meters.keep(paced::meter());
            Err::<(), _>(ApiError::of(Failure::Connect))
        });
        assert!(call.await.is_err());
        let meter = meters.take();
        if let Some(said) = said {
            meter.spent("requests", said);
        }
        drop(meter);
        assert_eq!(available(&limiter), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_meter_of_a_call_that_is_dropped_settles_it() {
    let limiter = limiter(0.1, 10);
    let meters = Kept::default();
    let mut call = Box::pin(limiter.call_with(costing(8), || async {
        meters.keep(paced::meter());
        core::future::pending::<io::Result<()>>().await
    }));
    assert!(poll_once(&mut call).is_pending());
    drop(call);
    let meter = meters.take();
    meter.spent("requests", 3);
    assert_eq!(available(&limiter), 2);
    drop(meter);
    assert_eq!(available(&limiter), 7);
}

#[tokio::test(start_paused = true)]
async fn a_meter_in_a_body_that_is_dropped_settles_what_it_has_said() {
    let limiter = limiter(0.1, 10);
    let mut call = Box::pin(limiter.call_with(costing(8), || async {
        let meter = paced::meter();
        meter.spent("requests", 3);
        core::future::pending::<io::Result<()>>().await
    }));
    assert!(poll_once(&mut call).is_pending());
    drop(call);
    assert_eq!(available(&limiter), 7);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refunded_leaves_to_its_meter_what_it_took() {
    let limiter = limiter(0.1, 10);
    let call = limiter.call_with(costing(8), || async {
        paced::refund();
        io::Result::Ok((paced::meter(), 0))
    });
    let (meter, _) = call.await.unwrap();
    drop(meter);
    assert_eq!(available(&limiter), 10);
}

#[tokio::test(start_paused = true)]
async fn a_meter_of_a_call_without_a_cost_corrects_the_usual_one() {
    let limiter = limiter(0.1, 10);
    let call = limiter.call_with(CallOptions::new(), || async {
        io::Result::Ok(paced::meter())
    });
    let meter = call.await.unwrap();
    meter.spent("requests", 4);
    drop(meter);
    assert_eq!(available(&limiter), 6);
}

#[test]
fn a_meter_outlives_the_handles_of_its_limiter_and_the_runtime() {
    let meter = {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let limiter = limiter(0.1, 10);
        runtime.block_on(metered(&limiter))
    };
    meter.spent("requests", 1);
    thread::spawn(move || drop(meter)).join().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_meter_that_is_leaked_leaves_the_cost_as_it_is() {
    let limiter = limiter(0.1, 10);
    let meter = metered(&limiter).await;
    meter.spent("requests", 1);
    mem::forget(meter);
    assert_eq!(available(&limiter), 2);
    limiter.call(|| async { io::Result::Ok(()) }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_meter_from_outside_of_a_call_does_nothing() {
    let meter = paced::meter();
    meter.spent("requests", u64::MAX);
    assert_eq!(format!("{meter:?}"), "Meter { is_open: false }");
    drop(meter);
}

#[tokio::test(start_paused = true)]
async fn meters_may_be_dropped_from_many_threads_at_once() {
    let limiter = limiter(0.1, 100);
    let options = CallOptions::new().cost(90);
    let call = limiter.call_with(options, || async {
        io::Result::Ok((0..16).map(|_| paced::meter()).collect::<Vec<_>>())
    });
    let threads = call.await.unwrap().into_iter().map(|meter| {
        thread::spawn(move || {
            meter.spent("requests", 2);
            drop(meter);
        })
    });
    let threads: Vec<_> = threads.collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(available(&limiter), 100 - 32);
}
