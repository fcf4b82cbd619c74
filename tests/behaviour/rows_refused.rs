//! Refusals of a limiter with several limits: each cuts the limits that it is about.

use core::num::NonZeroU32;
use std::sync::Mutex;

use http::Response;
use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use tracing::Level;

use crate::events::listen;
use crate::support::Log;
use crate::support::response;

const CUT: &str = "the rate is cut";

fn per_second(count: u32) -> Quota {
    let count = NonZeroU32::new(count).expect("above 0");
    Quota::per_second(count).with_burst(count)
}

/// Returns a limiter of 10 requests and 1000 tokens per second.
pub(crate) fn limiter() -> Limiter {
    let builder = Limiter::builder(per_second(10)).row("tokens", per_second(1000));
    builder.build().expect("two limits")
}

pub(crate) type Headers = &'static [(&'static str, &'static str)];

/// Answers in this order with a status and headers, then with 200.
pub(crate) struct Script(Mutex<Vec<(u16, Headers)>>);

impl Script {
    pub(crate) fn of(answers: &[(u16, Headers)]) -> Self {
        Self(Mutex::new(answers.iter().rev().copied().collect()))
    }

    pub(crate) fn answer(&self) -> Response<String> {
        let next = self
            .0
            .lock()
            .expect("no test panics while it answers")
            .pop();
        let (status, headers) = next.unwrap_or((200, &[]));
        response(status, headers)
    }
}

#[rate_limited(limiter = limiter, cost(tokens = cost), max_retries = 5, backoff(base = "1s", jitter = "none"))]
async fn ask(
    limiter: &Limiter,
    cost: u32,
    script: &Script,
) -> Result<Response<String>, paced::Error> {
    Ok(script.answer())
}

/// Returns the rates of requests and tokens.
fn rates(limiter: &Limiter) -> (String, String) {
    let snapshot = limiter.snapshot();
    let of = |unit| snapshot.row(unit).expect("a limit").rate.to_string();
    (of("requests"), of("tokens"))
}

fn whole() -> (String, String) {
    ("10/s".to_owned(), "1000/s".to_owned())
}

/// Returns the units and rates of the cuts that were told.
fn cuts(heard: &Log<(Level, String)>) -> Vec<String> {
    let told = heard.entries().into_iter().map(|(_, text)| text);
    let cuts = told.filter(|text| text.contains(CUT));
    let fields = |text: String| {
        let of = |name: &str| {
            let rest = text.split_once(name).expect("the field").1;
            rest.split(' ').next().unwrap_or_default().to_owned()
        };
        format!("{} {}", of(" unit="), of(" rate="))
    };
    cuts.map(fields).collect()
}

/// Makes a call that is refused once, and returns the cuts that were told.
async fn refused_once(limiter: &Limiter, cost: u32, headers: Headers) -> Vec<String> {
    let (heard, _guard) = listen();
    let script = Script::of(&[(429, headers)]);
    ask(limiter, cost, &script).await.expect("an answer");
    cuts(&heard)
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_names_a_limit_cuts_that_limit_alone() {
    let limiter = limiter();
    let told = refused_once(
        &limiter,
        100,
        &[
            ("x-ratelimit-remaining-requests", "9"),
            ("x-ratelimit-remaining-tokens", "0"),
        ],
    );
    assert_eq!(told.await, ["tokens 700/s"]);
    assert_eq!(rates(&limiter).0, "10/s");
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_has_less_left_than_the_call_costs_is_the_one_that_is_cut() {
    let limiter = limiter();
    let told = refused_once(
        &limiter,
        100,
        &[
            ("x-ratelimit-remaining-requests", "9"),
            ("x-ratelimit-remaining-tokens", "40"),
        ],
    );
    assert_eq!(told.await, ["tokens 700/s"]);
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_has_enough_left_is_not_cut() {
    let limiter = limiter();
    let told = refused_once(&limiter, 100, &[("x-ratelimit-remaining-tokens", "400")]);
    assert_eq!(told.await, ["requests 7/s"]);
}

#[tokio::test(start_paused = true)]
async fn a_bare_refusal_cuts_all_limits_that_the_call_takes_from() {
    let limiter = limiter();
    let told = refused_once(&limiter, 100, &[]).await;
    assert_eq!(told, ["requests 7/s", "tokens 700/s"]);
    let limiter = self::limiter();
    assert_eq!(refused_once(&limiter, 0, &[]).await, ["requests 7/s"]);
    assert_eq!(rates(&limiter).1, "1000/s");
}

#[tokio::test(start_paused = true)]
async fn pauses_that_a_server_asks_for_cut_the_limit_that_they_name() {
    const USED_UP: Headers = &[
        ("retry-after", "2"),
        ("x-ratelimit-remaining-requests", "9"),
        ("x-ratelimit-remaining-tokens", "0"),
    ];
    let (heard, _guard) = listen();
    let limiter = limiter();
    let passes: (u16, Headers) = (200, &[]);
    let script = Script::of(&[(429, USED_UP), passes, passes, (429, USED_UP), passes]);
    ask(&limiter, 100, &script).await.expect("an answer");
    assert_eq!(rates(&limiter), whole());
    ask(&limiter, 100, &script).await.expect("an answer");
    ask(&limiter, 100, &script).await.expect("an answer");
    let told = cuts(&heard);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("tokens "), "{told:?}");
    assert_eq!(rates(&limiter).0, "10/s");
}

#[tokio::test(start_paused = true)]
async fn each_limit_is_cut_to_what_was_let_through_of_it() {
    let (heard, _guard) = listen();
    let limiter = limiter();
    // Three calls of 400 tokens in 1.2 s: all tokens, and a quarter of the requests.
    let script = Script::of(&[]);
    for _ in 0..30 {
        ask(&limiter, 400, &script).await.expect("an answer");
    }
    let script = Script::of(&[(429, &[]), (429, &[])]);
    ask(&limiter, 400, &script).await.expect("an answer");
    assert_eq!(
        cuts(&heard),
        [
            "requests 7/s",
            "tokens 899.999/s",
            "requests 2.024/s",
            "tokens 899.919/s"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_return_to_the_full_rate_names_the_limit() {
    let (heard, _guard) = listen();
    let limiter = limiter();
    let script = Script::of(&[(429, &[("x-ratelimit-remaining-tokens", "0")])]);
    for _ in 0..1200 {
        ask(&limiter, 100, &script).await.expect("an answer");
    }
    let told = heard.entries();
    let whole = |text: &&(Level, String)| text.1.contains("the full rate is used again");
    let whole: Vec<_> = told.iter().filter(whole).collect();
    assert_eq!(whole.len(), 1, "{whole:?}");
    assert!(whole[0].1.contains("unit=tokens rate=1000/s"), "{whole:?}");
}
