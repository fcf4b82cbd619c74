//! Servers that tell which part of their API a window belongs to, as GitHub does.

mod bounds;
mod bucket;
mod crowd;
mod github;
mod permits;

use std::io;
use std::sync::Arc;

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use paced::store::MemoryStore;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::quota;
use crate::support::response;
use crate::support::since;

/// An answer: status, what it says of which resource, and how long it takes.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    millis: u64,
}

impl Answer {
    const SILENT: Self = Self {
        status: 200,
        headers: Vec::new(),
        millis: 0,
    };

    /// So much is left of a resource, for so many seconds.
    fn told(resource: &str, limit: u32, left: u32, reset: u64) -> Self {
        Self::level(resource, limit, left).with("x-ratelimit-reset", &reset.to_string())
    }

    /// So much is left of a resource, for a time that is not told.
    fn level(resource: &str, limit: u32, left: u32) -> Self {
        Self::SILENT
            .with("x-ratelimit-resource", resource)
            .with("x-ratelimit-limit", &limit.to_string())
            .with("x-ratelimit-remaining", &left.to_string())
    }

    fn plenty(resource: &str) -> Self {
        Self::told(resource, 30, 29, 60)
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Comes so late.
    fn late(self, millis: u64) -> Self {
        Self { millis, ..self }
    }

    async fn give(&self) -> Response<String> {
        if self.millis > 0 {
            sleep(ms(self.millis)).await;
        }
        let headers: Vec<_> = self.headers.iter().map(|(k, v)| (*k, v.as_str())).collect();
        response(self.status, &headers)
    }
}

/// A limiter, and when what was sent through it.
#[derive(Clone, Debug)]
struct Api {
    limiter: Limiter,
    start: Instant,
    sent: Log<(&'static str, u64)>,
}

type Call = JoinHandle<Result<Response<String>, io::Error>>;

impl Api {
    fn new(limiter: Limiter) -> Self {
        Self {
            limiter,
            start: Instant::now(),
            sent: Log::new(),
        }
    }

    /// Answers the first attempt like this and the others in silence.
    async fn request(&self, name: &'static str, answer: &Answer) -> Response<String> {
        self.sent.add((name, since(self.start)));
        if paced::attempt().number() == 1 {
            answer.give().await
        } else {
            Answer::SILENT.give().await
        }
    }

    fn core(&self, answer: Answer) -> Call {
        tokio::spawn(core(self.clone(), answer))
    }

    fn search(&self, answer: Answer) -> Call {
        tokio::spawn(search(self.clone(), answer))
    }

    /// Both functions know their resource, and there is plenty of either.
    async fn introduce(&self) {
        self.core(Answer::plenty("core")).await.unwrap().unwrap();
        let answer = Answer::plenty("search");
        self.search(answer).await.unwrap().unwrap();
        assert_eq!(self.sent.entries(), [("core", 0), ("search", 0)]);
    }

    /// When the calls of this name were sent, the first ones left out.
    fn sent(&self, name: &str, skipped: usize) -> Vec<u64> {
        let sent = self.sent.entries().into_iter();
        let sent = sent.filter(|(of, _)| *of == name).map(|(_, at)| at);
        sent.skip(skipped).collect()
    }
}

#[rate_limited(limiter = api.limiter)]
async fn core(api: Api, answer: Answer) -> io::Result<Response<String>> {
    Ok(api.request("core", &answer).await)
}

#[rate_limited(limiter = api.limiter)]
async fn search(api: Api, answer: Answer) -> io::Result<Response<String>> {
    Ok(api.request("search", &answer).await)
}

fn api() -> Api {
    Api::new(limiter(10.0, 10))
}

#[tokio::test(start_paused = true)]
async fn plenty_of_one_resource_does_not_lift_the_pace_of_another() {
    let api = api();
    let scarce = Answer::told("core", 5000, 40, 1800);
    api.core(scarce).await.unwrap().unwrap();
    api.search(Answer::plenty("search")).await.unwrap().unwrap();
    for _ in 0..20 {
        api.core(Answer::SILENT).await.unwrap().unwrap();
    }
    let spread: Vec<_> = (1..=20).map(|n| n * 45_000).collect();
    assert_eq!(api.sent("core", 1), spread);
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_resource_holds_up_its_own_calls_and_no_others() {
    let api = api();
    api.introduce().await;
    let none = Answer::told("search", 30, 0, 60);
    api.search(none).await.unwrap().unwrap();
    let waiting = api.search(Answer::SILENT);
    for _ in 0..7 {
        api.core(Answer::SILENT).await.unwrap().unwrap();
    }
    assert_eq!(api.sent("core", 1), [0; 7]);
    waiting.await.unwrap().unwrap();
    assert_eq!(api.sent("search", 2), [60_000]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_names_an_exhausted_resource_concerns_that_resource() {
    for status in [403, 429] {
        let api = api();
        api.introduce().await;
        let refused = Answer::told("search", 30, 0, 60).status(status);
        let calls = [
            api.search(refused.late(10)),
            api.search(Answer::SILENT.late(10)),
        ];
        sleep(ms(20)).await;
        for _ in 0..6 {
            api.core(Answer::SILENT).await.unwrap().unwrap();
        }
        assert_eq!(api.sent("core", 1), [20; 6]);
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap().status(), 200);
        }
        assert_eq!(api.sent("search", 1), [0, 0, 60_010], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secondary_limit_holds_up_all_calls() {
    for (status, header) in [(403, "30"), (429, "30")] {
        let api = api();
        api.introduce().await;
        let refused = Answer::told("search", 30, 17, 60).with("retry-after", header);
        let refused = api.search(refused.status(status).late(10));
        sleep(ms(20)).await;
        let waiting = api.core(Answer::SILENT);
        refused.await.unwrap().unwrap();
        waiting.await.unwrap().unwrap();
        // The call that was not refused goes first, and the bucket is empty then.
        assert_eq!(api.sent("core", 1), [30_010], "{status}");
        assert_eq!(api.sent("search", 1), [0, 30_110], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_resource_holds_up_all_calls() {
    let api = api();
    api.introduce().await;
    let refused = Answer::SILENT.with("retry-after", "30").status(429);
    let refused = api.search(refused);
    sleep(ms(20)).await;
    api.core(Answer::SILENT).await.unwrap().unwrap();
    refused.await.unwrap().unwrap();
    assert_eq!(api.sent("core", 1), [30_000]);
}

#[tokio::test(start_paused = true)]
async fn a_window_without_a_resource_concerns_all_calls() {
    let api = api();
    api.introduce().await;
    let none = Answer::SILENT
        .with("x-ratelimit-limit", "30")
        .with("x-ratelimit-remaining", "0")
        .with("x-ratelimit-reset", "60");
    api.search(none).await.unwrap().unwrap();
    api.core(Answer::SILENT).await.unwrap().unwrap();
    assert_eq!(api.sent("core", 1), [60_000]);
}

#[tokio::test(start_paused = true)]
async fn a_function_whose_answers_alternate_is_paced_by_the_tightest() {
    let api = api();
    // One each 2 s until 8 s.
    api.core(Answer::told("core", 100, 4, 8))
        .await
        .unwrap()
        .unwrap();
    // One each 15 s until 32 s.
    let scarcer = Answer::told("search", 30, 2, 30);
    api.core(scarcer).await.unwrap().unwrap();
    for _ in 0..2 {
        api.core(Answer::SILENT).await.unwrap().unwrap();
    }
    assert_eq!(api.sent("core", 0), [0, 2000, 17_000, 32_000]);
}

#[tokio::test(start_paused = true)]
async fn two_resources_of_one_function_are_waited_for_together() {
    let api = api();
    let both = [("core", 40), ("search", 60)];
    let calls: Vec<_> = both
        .map(|(name, reset)| api.core(Answer::told(name, 30, 0, reset).late(10)))
        .into();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    api.core(Answer::SILENT).await.unwrap().unwrap();
    assert_eq!(api.sent("core", 2), [60_010]);
}

#[rate_limited(limiter = api.limiter)]
async fn other(api: Api, answer: Answer) -> io::Result<Response<String>> {
    Ok(api.request("other", &answer).await)
}

#[tokio::test(start_paused = true)]
async fn eight_resources_are_kept_and_the_one_told_of_least_recently_goes() {
    let none = Answer::told("search", 30, 0, 60);
    // Seven others beside it; eight; eight, and it is told of in between.
    for (others, again, expected) in [(7, 0, 60_000), (8, 0, 80), (8, 65, 60_000)] {
        let api = api();
        let late = (again > 0).then(|| api.search(none.clone().late(again)));
        api.search(none.clone()).await.unwrap().unwrap();
        for number in 0..others {
            sleep(ms(10)).await;
            let answer = Answer::plenty(&format!("r{number}"));
            let call = tokio::spawn(other(api.clone(), answer));
            call.await.unwrap().unwrap();
        }
        api.search(Answer::SILENT).await.unwrap().unwrap();
        assert_eq!(
            api.sent("search", 0).pop(),
            Some(expected),
            "{others}, {again}"
        );
        assert_eq!(api.sent("other", 0).len(), others);
        drop(late);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_quota_reaches_waiters_for_a_resource() {
    let api = Api::new(limiter(1.0, 10));
    let none = Answer::level("search", 30, 0);
    api.search(none).await.unwrap().unwrap();
    let waiting = api.search(Answer::SILENT);
    sleep(ms(100)).await;
    assert_eq!(api.limiter.snapshot().waiting, 1);
    api.limiter.set_quota(quota(10.0, 10));
    waiting.await.unwrap().unwrap();
    // 9.9 s of the bucket were used up, which are 0.99 s now; it holds 1 s.
    assert_eq!(api.sent("search", 1), [190]);
}

#[tokio::test(start_paused = true)]
async fn processes_that_share_a_store_share_what_is_known_of_a_resource() {
    let store = Arc::new(MemoryStore::new());
    let [one, other] = [(); 2].map(|()| {
        let store = Arc::<MemoryStore>::clone(&store);
        let limiter = Limiter::builder(quota(10.0, 10))
            .name("github")
            .store(store)
            .unregistered()
            .build();
        Api::new(limiter.unwrap())
    });
    one.introduce().await;
    other.introduce().await;
    let none = Answer::told("search", 30, 0, 60);
    one.search(none).await.unwrap().unwrap();
    other.core(Answer::SILENT).await.unwrap().unwrap();
    assert_eq!(other.sent("core", 1), [0]);
    other.search(Answer::SILENT).await.unwrap().unwrap();
    // In a store the first permit comes an interval after the end of a cooldown.
    assert_eq!(other.sent("search", 1), [60_100]);
    let scarce = Answer::told("core", 5000, 40, 1800);
    one.core(scarce).await.unwrap().unwrap();
    for _ in 0..3 {
        other.core(Answer::SILENT).await.unwrap().unwrap();
    }
    // And the first one at a pace that is learnt at the declared one's next token.
    assert_eq!(other.sent("core", 2), [60_200, 105_200, 150_200]);
}
