//! Calls without the attribute: `Limiter::call` and `Limiter::call_with`.

use core::time::Duration;
use std::cell::Cell;
use std::io;

use paced::Backoff;
use paced::CallError;
use paced::CallOptions;
use paced::Jitter;
use paced::ResponseExt as _;
use paced::Verdict;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

pub(crate) const PLAIN: Backoff = Backoff::new()
    .base(Duration::from_secs(2))
    .jitter(Jitter::None);

fn refusal<T: core::fmt::Debug, E: core::fmt::Debug>(out: Result<T, CallError<E>>) -> paced::Error {
    match out {
        Err(CallError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn failed<T: core::fmt::Debug, E: core::fmt::Debug>(out: Result<T, CallError<E>>) -> E {
    match out {
        Err(CallError::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_paced() {
    let (limiter, start) = (limiter(10.0, 2), Instant::now());
    let at = Log::new();
    for _ in 0..4 {
        let call = limiter.call(|| async {
            at.add(since(start));
            io::Result::Ok(())
        });
        call.await.unwrap();
    }
    assert_eq!(at.entries(), [0, 0, 100, 200]);
    let counts = limiter.snapshot().counts;
    assert_eq!((counts.calls, counts.attempts), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_retried_after_exactly_what_the_server_asked_for() {
    let limiter = limiter(10.0, 5);
    let server = Server::failing([ApiError::after(429, ms(7500))]);
    let out = limiter.call(|| async { server.answer() }).await;
    assert_eq!(out.unwrap(), 200);
    assert_eq!(server.calls(), [0, 7500]);
    assert_eq!(limiter.snapshot().counts.throttled, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_without_a_wait_backs_off_and_ends_with_its_own_error() {
    let limiter = limiter(10.0, 5);
    let server = Server::failing([ApiError::of(paced::Failure::Connect); 9]);
    let options = CallOptions::new().max_retries(2).backoff(PLAIN);
    let out = limiter
        .call_with(options, || async { server.answer() })
        .await;
    assert_eq!(failed(out), ApiError::of(paced::Failure::Connect));
    assert_eq!(server.calls(), [0, 2000, 6000]);
    assert_eq!(limiter.snapshot().counts.given_up, 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_no_retry_mends_comes_back_at_once() {
    let server = Server::failing([ApiError::status(404)]);
    let out = limiter(10.0, 5).call(|| async { server.answer() }).await;
    assert_eq!(failed(out), ApiError::status(404));
    assert_eq!(server.calls(), [0]);
}

#[tokio::test(start_paused = true)]
async fn options_that_refuse_say_so_by_type() {
    let limiter = limiter(1.0, 1);
    limiter.acquire().await.unwrap();
    let call =
        |options| limiter.call_with(options, || async { Err::<(), _>(ApiError::status(404)) });
    assert!(refusal(call(CallOptions::new().max_wait(ms(100))).await).is_max_wait());
    let late = refusal(call(CallOptions::new().deadline(ms(100))).await);
    assert!(late.is_deadline() && !late.is_sent());
    limiter.close();
    assert!(refusal(call(CallOptions::new()).await).is_closed());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_cut_off_by_its_timeout_and_by_the_deadline() {
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let hangs = || core::future::pending::<io::Result<()>>();
    let options = CallOptions::new().attempt_timeout(secs(2));
    let cut = refusal(limiter.call_with(options, hangs).await);
    assert!(cut.is_attempt_timeout() && cut.is_sent());
    let cut = refusal(
        limiter
            .call_with(CallOptions::new().deadline(secs(3)), hangs)
            .await,
    );
    assert!(cut.is_deadline() && cut.is_sent());
    assert_eq!(since(start), 5000);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_would_come_too_late_ends_with_the_own_error() {
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let server = Server::failing([ApiError::after(429, secs(60))]);
    let options = CallOptions::new().deadline(secs(30));
    let out = limiter
        .call_with(options, || async { server.answer() })
        .await;
    assert_eq!(failed(out), ApiError::after(429, secs(60)));
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn the_closure_may_change_what_it_captures() {
    let mut attempts = 0;
    let out = limiter(10.0, 5).call(|| {
        attempts += 1;
        let number = attempts;
        async move {
            assert_eq!(paced::attempt().number(), number);
            match number {
                3 => Ok(number),
                _ => Err(ApiError::after(503, secs(1))),
            }
        }
    });
    assert_eq!(out.await.unwrap(), 3);
    assert_eq!(attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn an_inner_call_that_gave_up_is_not_multiplied_by_the_outer_one() {
    let (outer, inner) = (limiter(10.0, 5), limiter(10.0, 50));
    let server = Server::failing([ApiError::of(paced::Failure::Connect); 99]);
    let options = CallOptions::new().max_retries(2).backoff(PLAIN);
    let out = outer.call_with(options, || async {
        let inner = inner.call_with(options, || async { server.answer() });
        inner.await.map_err(|error| match error {
            CallError::Failed(error) => error,
            other => panic!("{other:?}"),
        })
    });
    assert!(out.await.is_err());
    assert_eq!(server.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_an_inner_call_is_found_in_the_outer_one() {
    let (outer, inner) = (limiter(10.0, 5), limiter(10.0, 5));
    inner.close();
    let out = outer
        .call(|| inner.call(|| async { io::Result::Ok(()) }))
        .await;
    let error = out.unwrap_err();
    assert!(
        error.refusal().is_none(),
        "the outer limiter refused nothing"
    );
    assert!(paced::Error::find(&error).unwrap().is_closed());
    assert_eq!(outer.snapshot().counts.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_gives_up_its_place_and_ends_its_attempt() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    let hangs = || core::future::pending::<io::Result<()>>();
    let mut running = Box::pin(limiter.call(hangs));
    assert!(poll_once(&mut running).is_pending());
    assert_eq!(limiter.snapshot().in_flight, 1);
    let mut waiting = Box::pin(limiter.call(hangs));
    assert!(poll_once(&mut waiting).is_pending());
    assert_eq!(limiter.snapshot().waiting, 1);
    drop(running);
    drop(waiting);
    let snapshot = limiter.snapshot();
    assert_eq!((snapshot.in_flight, snapshot.waiting), (0, 0));
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 100, "the place was given up");
}

#[tokio::test(start_paused = true)]
async fn a_call_can_move_to_another_task() {
    let limiter = limiter(10.0, 5);
    let call = limiter.call(|| async { io::Result::Ok(7) });
    drop(limiter);
    assert_eq!(tokio::spawn(call).await.unwrap().unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_call_can_move_to_another_task_with_a_classify_that_threads_cannot_share() {
    let limiter = limiter(10.0, 5);
    let judged = Cell::new(0);
    let options = CallOptions::new().classify(move |_: &io::Result<u32>| {
        judged.set(judged.get() + 1);
        match judged.get() {
            1 => Verdict::Retry { retry_after: None },
            _ => Verdict::Done,
        }
    });
    let call = limiter.call_with(options, || async { Ok(paced::attempt().number()) });
    assert_eq!(tokio::spawn(call).await.unwrap().unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn it_is_named_by_the_line_of_its_caller() {
    let (heard, _guard) = crate::events::listen();
    let server = Server::failing([ApiError::status(429); 9]);
    let options = CallOptions::new().max_retries(0);
    let line = line!() + 1;
    let call = limiter(10.0, 5).call_with(options, || async { server.answer() });
    assert!(call.await.is_err());
    let name = format!("behaviour/direct.rs:{line} ");
    let told = heard.entries();
    assert!(
        told.iter().any(|(_, text)| text.contains(&name)),
        "{name} {told:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_verdict_comes_before_what_is_read() {
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let judge = |out: &Result<u32, &str>| match out {
        Err("busy") => Verdict::Throttled {
            retry_after: Some(secs(3)),
        },
        Err("later") => Verdict::Retry {
            retry_after: Some(secs(1)),
        },
        _ => Verdict::Auto,
    };
    let options = CallOptions::new().unreadable().classify(judge);
    let script = Cell::new(0);
    let out = limiter.call_with(options, || async {
        script.set(script.get() + 1);
        Err::<u32, _>(["busy", "later", "never"][script.get() - 1])
    });
    assert_eq!(failed(out.await), "never");
    assert_eq!(since(start), 4000);
}

#[tokio::test(start_paused = true)]
async fn what_the_closure_observes_counts_at_once() {
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let call = limiter.call(|| async {
        if paced::attempt().number() == 1 {
            let _ = response(429, &[("retry-after", "7")]).observe();
            sleep(secs(1)).await;
            return Err(io::Error::other("the SDK has another word for it"));
        }
        Ok(())
    });
    let (out, at) = tokio::join!(call, async {
        sleep(ms(500)).await;
        limiter.snapshot().cooldown
    });
    out.unwrap();
    assert_eq!(at, Some(ms(6500)));
    assert_eq!(since(start), 7000);
}
