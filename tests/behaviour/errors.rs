//! Errors that say which limiter they come from, and the events that go with them.

use core::time::Duration;

use paced::Limiter;
use paced::rate_limited;
use tracing::Level;

use crate::events::listen;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::secs;

/// The texts of the events.
fn texts(heard: &crate::support::Log<(Level, String)>) -> Vec<String> {
    heard.entries().into_iter().map(|event| event.1).collect()
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_cut_off_names_the_limiter_and_is_told_of() {
    #[rate_limited(limiter = limiter, deadline = "2s", max_retries = 0)]
    async fn late(limiter: &Limiter) -> Result<(), paced::Error> {
        core::future::pending().await
    }
    #[rate_limited(limiter = limiter, attempt_timeout = "31.000123456s", max_retries = 0)]
    async fn slow(limiter: &Limiter) -> Result<(), paced::Error> {
        core::future::pending().await
    }
    let named = Limiter::builder(quota(10.0, 10))
        .name("cut-off")
        .build()
        .unwrap();
    let (heard, _guard) = listen();
    let overdue = late(&named).await.unwrap_err();
    assert!(overdue.is_deadline() && overdue.is_sent());
    assert_eq!(
        overdue.to_string(),
        "the attempt did not end before the call's deadline (limiter \"cut-off\")"
    );
    let timed_out = slow(&limiter(10.0, 1)).await.unwrap_err();
    assert!(timed_out.is_attempt_timeout() && timed_out.is_sent());
    let text = timed_out.to_string();
    assert!(
        text.starts_with("the attempt took longer than 31s (limiter \""),
        "{text}"
    );
    assert!(
        text.contains("errors::") && text.contains("::slow\""),
        "{text}"
    );
    let told = texts(&heard);
    assert_eq!(told.len(), 2, "{told:#?}");
    for (text, limiter) in told.iter().zip(["limiter=cut-off ", "::slow "]) {
        assert!(
            text.contains("the attempt is cut off") && text.contains(limiter),
            "{text}"
        );
        assert!(
            text.contains("attempt=1 ") && text.contains("function="),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_during_a_pause_tells_its_cause_and_length() {
    #[rate_limited(limiter = limiter, deadline = left, max_wait = longest)]
    async fn call(
        limiter: &Limiter,
        left: Option<Duration>,
        longest: Option<Duration>,
    ) -> Result<(), paced::Error> {
        Ok(())
    }
    #[rate_limited(limiter = limiter, max_retries = 0)]
    async fn asked(limiter: &Limiter) -> Result<http::Response<&'static str>, paced::Error> {
        Ok(crate::support::response(429, &[("retry-after", "29")]).map(|_| ""))
    }
    let named = Limiter::builder(quota(10.0, 10))
        .name("paused-one")
        .build()
        .unwrap();
    asked(&named).await.unwrap();
    let bounds = [(Some(secs(5)), None), (None, Some(secs(5)))];
    for (left, longest) in bounds {
        let error = call(&named, left, longest).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("a permit comes in 29s, "), "{text}");
        let why = "; the limiter is closed for another 29s: the server asked for it (limiter \"paused-one\")";
        assert!(text.ends_with(why), "{text}");
    }
    let by_hand = limiter(10.0, 10);
    by_hand.cooldown_for(ms(3210));
    let text = call(&by_hand, None, Some(secs(1)))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("closed for another 3.21s: the program asked for it"),
        "{text}"
    );
    // A call that only waits in the queue asks no store.
    let slow = limiter(0.1, 1);
    slow.acquire().await.unwrap();
    let text = call(&slow, None, Some(secs(1)))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("in 10s") && !text.contains("closed"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_setting_is_told_of_where_the_error_hides_it() {
    #[rate_limited(rate = text)]
    async fn call() -> reqwest::Result<()> {
        Ok(())
    }
    static TEXT: &str = "5/fortnight";
    #[expect(non_upper_case_globals, reason = "a name that is no constant's")]
    static text: &str = TEXT;
    let (heard, _guard) = listen();
    let error = call().await.unwrap_err();
    assert!(
        paced::Error::find(&error).is_some_and(paced::Error::is_invalid),
        "{error:?}"
    );
    let told = heard.entries();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0].0, Level::ERROR);
    for part in ["the call cannot be made", "::call: ", "fortnight"] {
        assert!(told[0].1.contains(part), "{told:#?}");
    }
}

#[test]
fn a_call_outside_of_a_runtime_is_refused_at_once_and_spoils_nothing() {
    #[rate_limited(rate = 5, burst = 5)]
    async fn call() -> Result<u8, paced::Error> {
        Ok(7)
    }
    for _ in 0..2 {
        let core::task::Poll::Ready(Err(error)) = poll_once(&mut Box::pin(call())) else {
            panic!("it is made");
        };
        assert!(error.is_no_runtime() && !error.is_sent(), "{error}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    assert_eq!(runtime.block_on(call()).unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_handle_shows_its_name_and_whether_anything_uses_it() {
    #[rate_limited(rate = 5)]
    async fn used() -> Result<(), paced::Error> {
        Ok(())
    }
    let path = concat!(module_path!(), "::used");
    let misspelt = paced::limiter(concat!(module_path!(), "::usde"));
    let handle = paced::limiter(path);
    assert!(!handle.is_declared() && !misspelt.is_declared());
    used().await.unwrap();
    assert_eq!(handle.snapshot().counts.calls, 1);
    assert!(handle.is_declared() && !misspelt.is_declared());
    let shown = format!("{misspelt:?}");
    assert!(
        shown.contains("usde\")") && shown.contains("is_declared: false"),
        "{shown}"
    );
    assert!(format!("{handle:?}").contains("is_declared: true"));
    assert!(
        format!("{:?}", limiter(5.0, 1)).starts_with("Limiter { name: None, is_declared: true")
    );
}

/// A call with a deadline or a bound of its wait.
#[rate_limited(limiter = limiter, deadline = left, max_wait = longest)]
async fn bounded(
    limiter: &Limiter,
    left: Option<Duration>,
    longest: Option<Duration>,
) -> Result<(), paced::Error> {
    Ok(())
}

/// A limiter of 1 token in 4 s, of which none is there.
async fn empty() -> Limiter {
    let limiter = Limiter::builder(quota(0.25, 1)).name("waited-for");
    let limiter = limiter.unregistered().build().unwrap();
    limiter.acquire().await.unwrap();
    limiter
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_how_long_the_call_had_waited() {
    let bounds = [
        (Some(secs(5)), None, "after the call's deadline"),
        (None, Some(secs(5)), "later than `max_wait` allows"),
    ];
    for (left, longest, why) in bounds {
        let limiter = empty().await;
        let pause = async {
            tokio::time::sleep(ms(3_900)).await;
            limiter.cooldown_for(secs(3));
        };
        let (refused, ()) = tokio::join!(bounded(&limiter, left, longest), pause);
        let error = refused.unwrap_err();
        assert_eq!(error.waited(), Some(ms(3_900)));
        assert_eq!(error.retry_after(), Some(secs(3)));
        let begins = format!("refused after a wait of 3.9s: a permit comes in another 3s, {why}; ");
        assert!(error.to_string().starts_with(&begins), "{error}");
    }
    let limiter = empty().await;
    let at_once = bounded(&limiter, None, Some(secs(3))).await.unwrap_err();
    assert_eq!(at_once.waited(), Some(secs(0)));
    let text =
        "refused: a permit comes in 4s, later than `max_wait` allows (limiter \"waited-for\")";
    assert_eq!(at_once.to_string(), text);
    let close = async {
        tokio::time::sleep(secs(1)).await;
        limiter.close();
    };
    let (refused, ()) = tokio::join!(bounded(&limiter, None, None), close);
    let text =
        "refused after a wait of 1s: the program has closed the limiter (limiter \"waited-for\")";
    assert_eq!(refused.unwrap_err().to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_does_not_promise_a_permit_at_once() {
    let limiter = Limiter::builder(quota(10.0, 10))
        .name("all-in-flight")
        .max_concurrency(core::num::NonZeroU32::MIN)
        .build()
        .unwrap();
    let _held = limiter.acquire().await.unwrap();
    let error = bounded(&limiter, None, Some(secs(5))).await.unwrap_err();
    assert!(error.is_max_wait(), "{error:?}");
    let text = "refused after a wait of 5.003s: no permit came in the time that `max_wait` allows (limiter \"all-in-flight\")";
    assert_eq!(error.to_string(), text);
    let error = bounded(&limiter, Some(secs(5)), None).await.unwrap_err();
    assert!(error.is_deadline(), "{error:?}");
    let text = "refused after a wait of 5.001s: no permit came before the call's deadline (limiter \"all-in-flight\")";
    assert_eq!(error.to_string(), text);
}
