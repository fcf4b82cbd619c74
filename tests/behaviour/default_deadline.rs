//! The default deadline: what a call waits for cooldowns and backoff comes to 300 s at most, and time
//! that is spent in a queue for its turn counts for nothing.

use core::time::Duration;

use paced::Failure;
use paced::Limiter;
use paced::rate_limited;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::advance;
use tokio::time::sleep;

use crate::forecasting::Edge;
use crate::forecasting::FRACTIONS;
use crate::forecasting::all;
use crate::forecasting::micros;
use crate::forecasting::us;
use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::ms;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

const CONNECT: ApiError = ApiError::of(Failure::Connect);

const fn told(seconds: u64) -> ApiError {
    ApiError::after(429, Duration::from_secs(seconds))
}

#[rate_limited(limiter = limiter, max_retries = 1000, backoff(base = "70s", factor = 1, max = "70s", jitter = "none"))]
async fn cannot_be_refused(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
    server.answer()
}

#[rate_limited(limiter = limiter, max_retries = 1000, backoff(base = "70s", factor = 1, max = "70s", jitter = "none"))]
async fn can_be_refused(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    server.answer().map_err(Failed::Api)
}

/// The outcome of a call that fails with these errors, and the seconds at which it was tried and
/// ended, which do not depend on its error type.
async fn call(hz: f64, errors: &[ApiError]) -> (Result<u8, ApiError>, Vec<u64>, u64) {
    let (plain, start) = (limiter(hz, 1), Instant::now());
    let server = Server::failing(errors.iter().copied());
    let out = cannot_be_refused(&plain, &server).await;
    let first = (out, whole(&server.calls()), whole(&[since(start)])[0]);

    let (other, start) = (limiter(hz, 1), Instant::now());
    let server = Server::failing(errors.iter().copied());
    let out = match can_be_refused(&other, &server).await {
        Err(Failed::Refused(error)) => panic!("{error}"),
        Err(Failed::Api(error)) => Err(error),
        Ok(status) => Ok(status),
    };
    let second = (out, whole(&server.calls()), whole(&[since(start)])[0]);
    assert_eq!(first, second);
    first
}

fn whole(millis: &[u64]) -> Vec<u64> {
    assert!(millis.iter().all(|at| at % 1000 == 0), "{millis:?}");
    millis.iter().map(|at| at / 1000).collect()
}

#[tokio::test(start_paused = true)]
async fn told_waits_of_a_call_may_add_up_to_300_seconds() {
    let (out, calls, _) = call(10.0, &[told(75); 4]).await;
    assert_eq!((out, calls), (Ok(200), vec![0, 75, 150, 225, 300]));
    let (out, calls, _) = call(10.0, &[told(299), told(1)]).await;
    assert_eq!((out, calls), (Ok(200), vec![0, 299, 300]));
}

#[tokio::test(start_paused = true)]
async fn a_told_wait_that_exceeds_the_sum_ends_the_call_with_its_last_outcome() {
    let mut errors = vec![told(75); 4];
    errors.push(ApiError::after(429, ms(1)));
    let (out, calls, end) = call(10.0, &errors).await;
    assert_eq!(out, Err(ApiError::after(429, ms(1))));
    assert_eq!((calls, end), (vec![0, 75, 150, 225, 300], 300));
    // Not a later one either that would fit.
    let (out, calls, end) = call(10.0, &[told(200), told(101), told(1)]).await;
    assert_eq!((out, calls, end), (Err(told(101)), vec![0, 200], 200));
    let (out, calls, end) = call(10.0, &[told(301)]).await;
    assert_eq!((out, calls, end), (Err(told(301)), vec![0], 0));
}

#[tokio::test(start_paused = true)]
async fn backoff_counts_in_the_default_deadline_like_told_waits() {
    let (out, calls, end) = call(10.0, &[CONNECT; 9]).await;
    assert_eq!(out, Err(CONNECT));
    assert_eq!((calls, end), (vec![0, 70, 140, 210, 280], 280));
    let (out, calls, _) = call(10.0, &[CONNECT, told(160), CONNECT]).await;
    assert_eq!((out, calls), (Ok(200), vec![0, 70, 230, 300]));
    let (out, calls, end) = call(10.0, &[CONNECT, told(161), CONNECT]).await;
    assert_eq!((out, calls, end), (Err(CONNECT), vec![0, 70, 231], 231));
}

#[tokio::test(start_paused = true)]
async fn queue_time_between_two_attempts_does_not_count_in_the_default_deadline() {
    // 70 s of backoff, then 30 s for a token of 0.01 each second.
    let (out, calls, end) = call(0.01, &[CONNECT; 4]).await;
    assert_eq!((out, end), (Ok(200), 400));
    assert_eq!(calls, [0, 100, 200, 300, 400]);
    let (out, calls, end) = call(0.01, &[CONNECT; 5]).await;
    assert_eq!((out, end), (Err(CONNECT), 400));
    assert_eq!(calls, [0, 100, 200, 300, 400]);
}

#[tokio::test(start_paused = true)]
async fn queue_time_after_a_told_wait_does_not_count_in_the_default_deadline() {
    // What the refusals teach may make the queue slower; the told waits come to 280 s.
    let (out, calls, end) = call(0.01, &[told(70); 4]).await;
    assert_eq!((out, calls.len()), (Ok(200), 5));
    assert!(end >= 400, "{end}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_a_longer_cooldown_would_hold_back_for_too_long_is_given_up_at_once() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, seconds: u64) -> Result<(), ApiError> {
        if paced::attempt().number() > 1 {
            return Ok(());
        }
        limiter.cooldown_for(secs(seconds));
        Err(told(10))
    }
    for (cooldown, end) in [(300, 300), (301, 0)] {
        let (limiter, start) = (limiter(10.0, 1), Instant::now());
        let out = call(&limiter, cooldown).await;
        let expected = if end > 0 { Ok(()) } else { Err(told(10)) };
        assert_eq!((out, since(start)), (expected, end * 1000));
    }
}

#[rate_limited(limiter = limiter)]
async fn refusable(limiter: Limiter, start: Instant) -> Result<u64, Failed> {
    Ok(since(start))
}

#[tokio::test(start_paused = true)]
async fn a_first_attempt_waits_for_a_cooldown_of_300_seconds() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.cooldown_for(secs(300));
    assert_eq!(refusable(limiter, start).await.unwrap(), 300_000);
}

#[tokio::test(start_paused = true)]
async fn a_first_attempt_is_refused_at_once_where_a_cooldown_is_longer() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.cooldown_for(ms(300_001));
    let error = refusal(refusable(limiter, start).await);
    assert!(error.is_deadline(), "{error}");
    assert_eq!(error.retry_after(), Some(ms(300_001)));
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_first_attempt_at_the_edge_of_the_sum_is_refused_at_once_or_made() {
    for (permit, begun) in FRACTIONS
        .map(|permit| FRACTIONS.map(|begun| (permit, begun)))
        .concat()
    {
        let (limiter, log, start) = (limiter(10.0, 1), Log::new(), Instant::now());
        limiter.cooldown_for(secs(300) + us(permit));
        advance(us(begun)).await;
        let call = tokio::spawn({
            let log = log.clone();
            async move {
                if refusable(limiter, start).await.is_ok() {
                    log.add(micros(start));
                }
                micros(start)
            }
        });
        yield_now().await;
        // Back to whole milliseconds, when timers are due.
        advance(us(1000 - begun)).await;
        let edge = Edge {
            begun,
            bound: begun + 300_000_000,
            permit: permit + 300_000_000,
            ended: call.await.unwrap(),
            served: log.entries().first().copied(),
        };
        assert!(edge.is_right(), "{edge:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_part_of_a_cooldown_that_a_call_waits_for_counts() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.cooldown_for(secs(400));
    sleep(secs(100)).await;
    assert_eq!(refusable(limiter, start).await.unwrap(), 400_000);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_refused_waits_for_a_cooldown_of_any_length() {
    let limiter = limiter(10.0, 1);
    limiter.cooldown_for(secs(3000));
    let server = Server::new([]);
    assert_eq!(cannot_be_refused(&limiter, &server).await, Ok(200));
    assert_eq!(server.calls(), [3_000_000]);
}

#[tokio::test(start_paused = true)]
async fn the_queue_behind_a_cooldown_does_not_count() {
    let (limiter, start) = (limiter(0.1, 1), Instant::now());
    limiter.cooldown_for(secs(250));
    let served = all(20, |_| refusable(limiter.clone(), start)).await;
    let served: Vec<_> = served.into_iter().map(Result::ok).collect();
    let expected: Vec<_> = (0..20).map(|n| Some(250_000 + n * 10_000)).collect();
    assert_eq!(served, expected);
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_extended_beyond_the_sum_refuses_waiters_at_once() {
    for (until, refused) in [(300, None), (301, Some(150_000))] {
        let (limiter, start) = (limiter(10.0, 1), Instant::now());
        limiter.cooldown_for(secs(200));
        let waiting = tokio::spawn(refusable(limiter.clone(), start));
        sleep(secs(150)).await;
        limiter.cooldown_for(secs(until - 150));
        let out = waiting.await.unwrap();
        match refused {
            None => assert_eq!(out.unwrap(), until * 1000),
            Some(at) => {
                assert!(refusal(out).is_deadline());
                assert_eq!(since(start), at);
            }
        }
    }
}

/// A, B and C wait from 0, for a cooldown of 150 s and then for one token each 100 s.
#[tokio::test(start_paused = true)]
async fn two_cooldowns_count_together_and_the_queue_between_them_does_not() {
    for (second, served) in [(150, true), (151, false)] {
        let (limiter, start) = (limiter(0.01, 1), Instant::now());
        limiter.cooldown_for(secs(150));
        let [a, b, c] = [0; 3].map(|_| tokio::spawn(refusable(limiter.clone(), start)));
        sleep(secs(300)).await;
        limiter.cooldown_for(secs(second));
        let last = c.await.unwrap();
        assert_eq!(a.await.unwrap().unwrap(), 150_000);
        assert_eq!(b.await.unwrap().unwrap(), 250_000);
        if served {
            assert_eq!(last.unwrap(), 450_000);
        } else {
            assert!(refusal(last).is_deadline());
            assert_eq!(since(start), 300_000);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_not_ended_by_the_default_deadline() {
    #[rate_limited(rate = 10, attempt_timeout = "400s")]
    async fn call() -> Result<(), Failed> {
        sleep(secs(1000)).await;
        Ok(())
    }
    let start = Instant::now();
    let error = refusal(call().await);
    assert!(error.is_attempt_timeout(), "{error}");
    assert_eq!(since(start), 400_000);
}

/// Notes the seconds that are left in each attempt, before and after a body of 10 s.
async fn note_time_left(log: &Log<u64>) {
    let left = || paced::attempt().remaining().expect("inside a call");
    log.add(left().as_secs());
    sleep(secs(10)).await;
    log.add(left().as_secs());
}

#[tokio::test(start_paused = true)]
async fn the_time_left_is_what_is_left_of_the_sum() {
    #[rate_limited(limiter = limiter, backoff(base = "70s", factor = 1, max = "70s", jitter = "none"))]
    async fn call(limiter: &Limiter, log: &Log<u64>) -> Result<(), ApiError> {
        note_time_left(log).await;
        match paced::attempt().number() {
            1 => Err(CONNECT),
            2 => Err(told(130)),
            _ => Ok(()),
        }
    }
    let (limiter, log, start) = (limiter(0.01, 1), Log::new(), Instant::now());
    limiter.acquire().await.unwrap();
    call(&limiter, &log).await.unwrap();
    // 100 s in the queue; 70 s of backoff and 20 s in the queue; a cooldown of 130 s.
    assert_eq!(log.entries(), [300, 300, 230, 230, 100, 100]);
    assert!(since(start) >= 350_000, "{}", since(start));
}

#[tokio::test(start_paused = true)]
async fn the_time_left_of_a_deadline_that_is_given_is_what_the_clock_leaves() {
    #[rate_limited(limiter = limiter, deadline = "300s", backoff(base = "70s", max = "70s", jitter = "none"))]
    async fn call(limiter: &Limiter, log: &Log<u64>) -> Result<(), Failed> {
        note_time_left(log).await;
        match paced::attempt().number() {
            1 => Err(Failed::Api(CONNECT)),
            _ => Ok(()),
        }
    }
    let (limiter, log) = (limiter(0.01, 1), Log::new());
    limiter.acquire().await.unwrap();
    call(&limiter, &log).await.unwrap();
    // 100 s in the queue, 10 s, 70 s of backoff and 20 s in the queue.
    assert_eq!(log.entries(), [200, 190, 100, 90]);
}
