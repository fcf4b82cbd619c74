//! `limits`, `cost` and `settle` on functions of many shapes.

use async_trait::async_trait;
use paced::{Failure, Limiter, Quota, Rate, Signal, rate_limited};

use crate::support::{Api, Status};

/// Error type that can carry a refusal.
#[derive(Debug)]
struct Failed;

impl Signal for Failed {
    fn failure(&self) -> Failure {
        Failure::Status(429)
    }
}

impl From<paced::Error> for Failed {
    fn from(error: paced::Error) -> Self {
        panic!("refused: {error}")
    }
}

impl From<Status> for Failed {
    fn from(_: Status) -> Self {
        Self
    }
}

struct Reply {
    tokens: u32,
    cached: bool,
    usage: Option<u64>,
}

const REPLY: Reply = Reply {
    tokens: 3,
    cached: true,
    usage: None,
};

#[rate_limited(
    rate = 1000, burst = 1000, cost = prompt.len(),
    settle(requests = |reply| if reply.cached { 0 } else { reply.tokens }),
)]
async fn free(api: &Api, prompt: &str) -> Result<Reply, Failed> {
    api.answer(()).await?;
    Ok(REPLY)
}

#[rate_limited(rate = 1000, burst = 1000, cost = if write { 5 } else { 1 }, settle(requests = usage))]
async fn owned(api: &Api, write: bool, name: String) -> Result<Reply, Failed> {
    assert_eq!(name, "name");
    api.answer(REPLY).await.map_err(Failed::from)
}

fn usage(reply: &Reply) -> Option<u64> {
    reply.usage
}

#[rate_limited(rate = 1000, burst = 1000, cost = items.as_ref().len() * N, settle(requests = |_| 5))]
async fn generic<T: AsRef<[u8]> + Clone, const N: usize>(api: &Api, items: T) -> Result<T, Failed> {
    api.answer(()).await?;
    Ok(items.clone())
}

#[rate_limited(rate = 1000, burst = 1000, cost = items.clone().count(), settle(requests = |found| found.clone().count()))]
async fn hidden(
    api: &Api,
    items: impl Iterator<Item = u8> + Clone + Send,
) -> Result<impl Iterator<Item = u8> + Clone + Send, Failed> {
    api.answer(()).await?;
    Ok(items.clone().skip(1))
}

#[rate_limited(rate = 1000, burst = 1000, max_retries = 0, cost = text.len(), settle(requests = String::len))]
async fn consuming(api: &Api, text: String) -> Result<String, Failed> {
    api.answer(()).await?;
    Ok(text)
}

#[rate_limited(rate = 1000, burst = 1000, cost = *left, settle(requests = |left: &u32| left + 1))]
async fn counting(api: &Api, left: &mut u32) -> Result<u32, Failed> {
    *left += 1;
    api.answer(*left).await.map_err(Failed::from)
}

#[rate_limited(rate = 1000, burst = 1000, cost = u64::from(depth), settle(requests = |depth| *depth))]
fn recursive(
    api: &Api,
    depth: u8,
) -> std::pin::Pin<Box<dyn Future<Output = Result<u8, Failed>> + Send + '_>> {
    Box::pin(async move {
        api.answer(()).await?;
        match depth {
            0 => Ok(0),
            more => Ok(recursive(api, more - 1).await? + 1),
        }
    })
}

#[rate_limited(rate = 1000, burst = 1000, mode = "off", cost = text.len(), settle(requests = String::len))]
async fn switched_off(api: &Api, text: String) -> Result<String, Failed> {
    api.answer(text.clone()).await.map_err(Failed::from)
}

struct Client {
    api: Api,
    limiter: Limiter,
    weight: u16,
    calls: u32,
}

impl Client {
    fn throttling(calls: u32) -> Self {
        let rate = Rate::parse("1000/s").expect("a rate");
        Self {
            api: Api::throttling(calls),
            limiter: Limiter::new(Quota::new(rate)),
            weight: 2,
            calls: 0,
        }
    }

    #[rate_limited(limiter = self.limiter, cost = self.weight, settle(requests = |()| self.weight))]
    async fn shared(&self) -> Result<(), Failed> {
        self.api.answer(()).await.map_err(Failed::from)
    }

    #[rate_limited(rate = 1000, burst = 1000, cost = self.weight, settle(requests = |calls| self.calls + calls))]
    async fn exclusive(&mut self) -> Result<u32, Failed> {
        self.calls += 1;
        self.api.answer(self.calls).await.map_err(Failed::from)
    }

    #[rate_limited(rate = 1000, burst = 1000, cost = self.weight, settle(requests = |text| text.len()))]
    async fn borrowed(&self) -> Result<&str, Failed> {
        self.api.answer("text").await.map_err(Failed::from)
    }
}

#[async_trait]
trait Service {
    async fn exclusive(&mut self, text: String) -> Result<usize, Failed>;
    async fn shared(&self, extra: u64) -> Result<(), Failed>;
}

#[async_trait]
impl Service for Client {
    #[rate_limited(
        rate = 1000, burst = 1000, cost = text.len() + usize::from(self.weight),
        settle(requests = |length| length + usize::from(self.weight)),
    )]
    async fn exclusive(&mut self, text: String) -> Result<usize, Failed> {
        self.calls += 1;
        self.api.answer(()).await?;
        Ok(text.len())
    }

    #[rate_limited(limiter = self.limiter, cost = extra, settle(requests = |()| self.weight))]
    async fn shared(&self, extra: u64) -> Result<(), Failed> {
        assert_eq!(extra, 5);
        self.api.answer(()).await.map_err(Failed::from)
    }
}

#[rate_limited(
    limits(requests = "500/min", tokens(rate = 30_000, burst = 30_000), points = ["80/min", "500/h"]),
    cost(tokens = prompt.len(), points = 3),
    settle(tokens = |reply| reply.tokens, requests = |_| 1),
)]
async fn several(api: &Api, prompt: &str) -> Result<Reply, Failed> {
    api.answer(()).await?;
    Ok(REPLY)
}

#[rate_limited(limits = ["10/s", HOURLY, *RATE_OF_A_DAY])]
async fn at_run_time(api: &Api) -> Result<(), Failed> {
    api.answer(()).await.map_err(Failed::from)
}

const HOURLY: &str = "1000/h";
static RATE_OF_A_DAY: std::sync::LazyLock<Rate> =
    std::sync::LazyLock::new(|| Rate::parse("9000/d").expect("a rate"));

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test(start_paused = true)]
async fn functions_with_costs_run() {
    let api = Api::throttling(1);
    assert_eq!(
        is_send(free(&api, "text")).await.expect("a reply").tokens,
        3
    );
    assert_eq!(api.attempts(), 2);
    let name = || "name".to_owned();
    assert!(is_send(owned(&api, true, name())).await.is_ok());
    let items = is_send(generic::<_, 2>(&api, vec![1, 2])).await;
    assert_eq!(items.expect("the items"), [1, 2]);
    let found = is_send(hidden(&api, [1, 2, 3].into_iter())).await;
    assert!(found.expect("an iterator").eq([2, 3]));
    assert_eq!(
        is_send(consuming(&api, name())).await.expect("a text"),
        "name"
    );
    let mut left = 1;
    assert_eq!(
        is_send(counting(&api, &mut left)).await.expect("a count"),
        2
    );
    assert_eq!(is_send(recursive(&api, 3)).await.expect("a depth"), 3);
    assert_eq!(
        is_send(switched_off(&api, name())).await.expect("a text"),
        "name"
    );
}

#[tokio::test(start_paused = true)]
async fn methods_with_costs_run() {
    let mut client = Client::throttling(1);
    assert!(is_send(client.shared()).await.is_ok());
    assert_eq!(is_send(client.exclusive()).await.expect("a count"), 1);
    assert_eq!(is_send(client.borrowed()).await.expect("a text"), "text");
    let text = "text".to_owned();
    assert_eq!(
        is_send(Service::exclusive(&mut client, text))
            .await
            .expect("a length"),
        4
    );
    assert!(is_send(Service::shared(&client, 5)).await.is_ok());
    assert_eq!(client.calls, 2);
}

#[test]
fn functions_with_several_limits_compile() {
    let api = Api::throttling(0);
    drop(is_send(several(&api, "text")));
    drop(is_send(at_run_time(&api)));
}
