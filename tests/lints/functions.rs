//! One annotated function for each kind of expansion, and a test that calls them.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::time::Duration;

use paced::{Limiter, Quota, Verdict, rate_limited};

/// An error that can carry a refusal.
#[derive(Debug)]
struct Refused(paced::Error);

impl From<paced::Error> for Refused {
    fn from(error: paced::Error) -> Self {
        Self(error)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

static SHARED: Limiter = Limiter::new(Quota::per_second(NonZeroU32::MAX));

const RATE: u32 = 1000;

#[rate_limited(rate = 1000)]
async fn short(n: u8) -> Result<u8, Refused> {
    Ok(n)
}

#[rate_limited(
    rate = "1000/s",
    burst = 10,
    max_retries = 3,
    backoff(base = "1s", factor = 2, max = "60s", jitter = "equal"),
    deadline = "300s",
    attempt_timeout = "10s",
    max_wait = "30s",
    retry_on = [429, 503, "5xx", connect, timeout, reset],
    idempotent,
    limiter = "lints",
)]
async fn every_option(n: &u8) -> Result<u8, Refused> {
    if *n == 0 {
        return Ok(0);
    }
    let n = short(*n).await?;
    Ok(n)
}

#[rate_limited(rate = RATE, burst = RATE)]
async fn constants() -> Result<(), Refused> {
    tokio::task::yield_now().await;
    Ok(())
}

fn five() -> u32 {
    u32::try_from(std::env::args().len()).map_or(5, |count| count.max(5))
}

#[rate_limited(rate = { five() }, burst = (five()), max_retries = rate + 1, deadline = Duration::from_secs(u64::from(rate)))]
async fn run_time_values(rate: u32) -> Result<u32, Refused> {
    Ok(rate)
}

#[rate_limited(limiter = SHARED, classify = |_| Verdict::Done)]
async fn shared_limiter() -> Result<(), Refused> {
    Ok(())
}

#[rate_limited(limiter = &*limiters[0])]
async fn limiter_expression(limiters: &[Box<Limiter>]) -> Result<usize, Refused> {
    Ok(limiters.len())
}

#[rate_limited(rate = 1000, max_retries = 0)]
async fn once(text: String) -> Result<Vec<u8>, Refused> {
    Ok(text.into_bytes())
}

#[rate_limited(rate = 1000)]
async fn owned<T>((values, last): (Vec<T>, T), plus: &mut Vec<T>) -> Result<usize, Refused>
where
    T: PartialEq,
{
    let same = values.iter().filter(|value| **value == last).count();
    Ok(same + plus.len())
}

#[rate_limited(rate = 1000)]
async fn mutable(
    mut values: Vec<u8>,
    (mut first, last): (Vec<u8>, Vec<u8>),
) -> Result<usize, Refused> {
    values.push(1);
    first.extend_from_slice(&values);
    Ok(first.len() + last.len())
}

#[rate_limited(rate = 1000)]
async fn diverging(stop: bool) -> Result<u8, Refused> {
    if stop {
        return Ok(1);
    }
    unreachable!("it is never called so")
}

#[rate_limited(rate = 1000)]
async fn all_diverging() -> Result<std::convert::Infallible, Refused> {
    loop {
        tokio::time::sleep(Duration::MAX).await;
    }
}

#[rate_limited(rate = 1000)]
async fn hidden_type(count: impl Fn() -> u8) -> Result<impl Iterator<Item = u8>, Refused>
where
    u8: PartialEq,
{
    Ok(0..count())
}

#[rate_limited(rate = 1000)]
fn boxed(n: &u8) -> Pin<Box<dyn Future<Output = Result<u8, Refused>> + Send + '_>> {
    Box::pin(async move { Ok(*n) })
}

#[rate_limited(rate = 1000)]
fn future(n: &u8) -> impl Future<Output = Result<u8, Refused>> + Send {
    let n = *n;
    async move { Ok(n) }
}

/// A type with methods.
#[derive(Debug, Default)]
struct Client {
    calls: usize,
}

impl Client {
    #[rate_limited(rate = 1000)]
    async fn shared(&self) -> Result<usize, Refused> {
        Ok(self.calls)
    }

    #[rate_limited(rate = 1000)]
    async fn exclusive(&mut self) -> Result<usize, Refused> {
        self.calls += 1;
        Ok(self.calls)
    }

    #[rate_limited(rate = 1000, max_retries = 0)]
    async fn finish(self) -> Result<Self, Refused> {
        Ok(self)
    }
}

#[rate_limited(
    limits(requests = "1000/s", tokens(rate = RATE, burst = 1000), points = ["1000/s", "9000/min"]),
    cost(tokens = text.len(), points = if text.is_empty() { 1 } else { 2 }),
    settle(tokens = String::len, points = |answer| u64::from(answer.is_empty())),
)]
async fn several_limits(text: &str) -> Result<String, Refused> {
    Ok(text.to_owned())
}

#[rate_limited(rate = 1000, mode = "off", cost = *cost, settle(requests = |()| 1))]
async fn no_limits(cost: &u32) -> Result<(), Refused> {
    Ok(())
}

#[derive(Debug, Default)]
struct Block {
    calls: usize,
}

#[rate_limited(rate = 1000)]
impl Block {
    const START: usize = 1;

    async fn shared(&self) -> Result<usize, Refused> {
        Ok(self.calls + Self::START)
    }

    #[rate_limited(inherit, max_retries = 0)]
    async fn consuming(&mut self, text: String) -> Result<Vec<u8>, Refused> {
        self.calls += 1;
        Ok(text.into_bytes())
    }

    #[rate_limited(rate = 1000)]
    async fn alone(&self) -> Result<usize, Refused> {
        Ok(self.calls)
    }

    #[rate_limited(skip)]
    const fn plain(&self) -> usize {
        self.calls
    }
}

#[rate_limited(
    rate = 1000,
    max_retries = 3,
    deadline = "300s",
    limiter = "lints_plain"
)]
fn plain(n: u8, names: &mut Vec<u8>) -> Result<u8, Refused> {
    names.push(n);
    Ok(n)
}

#[rate_limited(rate = 1000, max_retries = 0)]
fn plain_once(text: String) -> Result<Vec<u8>, Refused> {
    Ok(text.into_bytes())
}

#[test]
fn plain_functions_run_under_deny() {
    let mut names = Vec::new();
    assert_eq!(plain(1, &mut names).ok(), Some(1));
    assert_eq!(plain_once("a".to_owned()).ok(), Some(vec![b'a']));
    assert_eq!(names, [1]);
}

/// Without tokio's own attribute, whose expansion allows lints.
#[test]
fn annotated_functions_run_under_deny() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let done = runtime.expect("a runtime").block_on(call_all());
    assert!(done.is_ok(), "{done:?}");
}

async fn call_all() -> Result<(), Refused> {
    assert_eq!(every_option(&1).await?, 1);
    constants().await?;
    assert_eq!(run_time_values(7).await?, 7);
    shared_limiter().await?;
    assert_eq!(limiter_expression(&[Box::new(SHARED.clone())]).await?, 1);
    assert_eq!(once("a".to_owned()).await?, [b'a']);
    assert_eq!(owned((vec![1, 2], 2), &mut vec![3]).await?, 2);
    assert_eq!(mutable(vec![], (vec![2], vec![3])).await?, 3);
    assert_eq!(diverging(true).await?, 1);
    assert_eq!(hidden_type(|| 3).await?.count(), 3);
    assert_eq!((boxed(&1).await?, future(&2).await?), (1, 2));
    assert_eq!(several_limits("a").await?, "a");
    no_limits(&1).await?;
    let mut client = Client::default();
    assert_eq!((client.exclusive().await?, client.shared().await?), (1, 1));
    assert_eq!(client.finish().await?.calls, 1);
    let mut block = Block::default();
    assert_eq!(block.consuming("a".to_owned()).await?, [b'a']);
    assert_eq!((block.shared().await?, block.alone().await?), (2, 1));
    assert_eq!(block.plain(), 1);
    let pending = tokio::time::timeout(Duration::from_secs(1), all_diverging()).await;
    assert!(pending.is_err());
    Ok(())
}
