//! Values of options: constants, expressions of the running program, limiters, verdicts.

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use paced::{Failure, Limiter, Quota, Rate, Signal, Verdict, rate_limited};
use tokio::time::Instant;

use crate::support::{Api, Status};

mod config {
    pub(super) const RATE: &str = "2/s";
    pub(super) const BURST: u64 = 1;
    pub(super) const RETRIES: u8 = 1;
    pub(super) const DEADLINE: std::time::Duration = std::time::Duration::from_secs(9);
    pub(super) const FACTOR: f32 = 2.0;

    pub(super) fn rate() -> f64 {
        2.0
    }

    pub(super) fn burst() -> std::num::NonZeroU32 {
        std::num::NonZeroU32::MIN
    }
}

/// How long three calls take: the first one has its token, the others wait for theirs.
async fn three<F: Future<Output = Result<(), E>>, E: std::fmt::Debug>(
    mut call: impl FnMut() -> F,
) -> Duration {
    let start = Instant::now();
    for _ in 0..3 {
        call().await.expect("a server that throttles no call");
    }
    start.elapsed()
}

#[rate_limited(
    rate = config::RATE,
    burst = config::BURST,
    max_retries = config::RETRIES,
    deadline = config::DEADLINE,
    backoff(factor = config::FACTOR, base = DELAY, jitter = "none"),
)]
async fn constants(api: &Api) -> Result<(), Failed> {
    api.answer(()).await.map_err(Failed::Answered)
}

const DELAY: Duration = Duration::from_millis(100);

#[tokio::test(start_paused = true)]
async fn constants_are_values() {
    let api = Api::throttling(0);
    assert_eq!(three(|| constants(&api)).await, Duration::from_secs(1));
    let api = Api::throttling(5);
    let error = constants(&api).await.expect_err("too many retries");
    assert!(matches!(error, Failed::Answered(Status(429))));
    assert_eq!(api.attempts(), 2);
}

/// An error type that can carry a refusal.
#[derive(Debug)]
enum Failed {
    Refused(paced::Error),
    Answered(Status),
}

impl Signal for Failed {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused(_) => Failure::Other,
            Self::Answered(Status(status)) => Failure::Status(*status),
        }
    }
}

impl From<paced::Error> for Failed {
    fn from(error: paced::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Status> for Failed {
    fn from(status: Status) -> Self {
        Self::Answered(status)
    }
}

struct Client {
    api: Api,
    retries: u32,
    left: Option<Duration>,
    limiter: Limiter,
}

impl Client {
    fn new(throttled: u32) -> Self {
        let quota =
            Quota::per_second(NonZeroU32::new(4).expect("not 0")).with_burst(NonZeroU32::MIN);
        Self {
            api: Api::throttling(throttled),
            retries: 1,
            left: None,
            limiter: Limiter::new(quota),
        }
    }

    const RATE: f64 = 2.0;

    #[rate_limited(rate = config::rate(), burst = config::burst(), max_retries = self.retries, deadline = self.left)]
    async fn run_time(&self) -> Result<(), Failed> {
        Ok(self.api.answer(()).await?)
    }

    #[rate_limited(rate = config::rate() * 0.0)]
    async fn wrong_rate(&self) -> Result<(), Failed> {
        Ok(self.api.answer(()).await?)
    }

    #[rate_limited(rate = Self::RATE, burst = config::BURST)]
    async fn associated(&self) -> Result<(), Failed> {
        Ok(self.api.answer(()).await?)
    }

    #[rate_limited(limiter = self.limiter)]
    async fn on_field(&self) -> Result<(), Status> {
        self.api.answer(()).await
    }

    #[rate_limited(limiter = &self.limiter, max_retries = self.retries)]
    async fn on_reference(&self) -> Result<(), Status> {
        self.api.answer(()).await
    }
}

#[tokio::test(start_paused = true)]
async fn run_time_values() {
    let client = Client::new(0);
    assert_eq!(three(|| client.run_time()).await, Duration::from_secs(1));
    let throttled = Client::new(5);
    let failed = throttled.run_time().await;
    assert!(
        matches!(failed, Err(Failed::Answered(Status(429)))),
        "{failed:?}"
    );
    assert_eq!(throttled.api.attempts(), 2);
    // Each call has its own.
    let others = Client {
        retries: 3,
        left: Some(Duration::ZERO),
        ..Client::new(5)
    };
    assert!(matches!(others.run_time().await, Err(Failed::Refused(error)) if error.is_deadline()));
    let others = Client {
        left: Some(Duration::from_secs(3600)),
        ..others
    };
    assert!(others.run_time().await.is_err());
    assert_eq!(others.api.attempts(), 4);
}

#[rate_limited(limiter = limiter, deadline = left, max_wait = patience, backoff(base = left / 2, jitter = "none"))]
async fn in_time(
    limiter: &Limiter,
    api: &Api,
    left: Duration,
    patience: Option<Duration>,
) -> Result<(), Failed> {
    Ok(api.answer(()).await?)
}

#[tokio::test(start_paused = true)]
async fn values_of_each_call() {
    let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN).with_burst(NonZeroU32::MIN));
    let api = Api::throttling(0);
    let call = |left, patience: Option<u64>| {
        let left = Duration::from_millis(left);
        in_time(&limiter, &api, left, patience.map(Duration::from_millis))
    };
    let refused = |out| match out {
        Err(Failed::Refused(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(call(1, None).await.is_ok());
    assert!(refused(call(999, None).await).is_deadline());
    assert!(refused(call(5000, Some(10)).await).is_max_wait());
    assert!(refused(call(5000, Some(0)).await).is_max_wait());
    assert!(call(5000, Some(1000)).await.is_ok());
    assert!(refused(call(0, None).await).is_deadline());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(call(5000, Some(0)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn wrong_run_time_value_is_the_callers_error() {
    let client = Client::new(0);
    match client.wrong_rate().await {
        Err(Failed::Refused(error)) => assert!(error.is_invalid(), "{error}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.api.attempts(), 0);
}

#[tokio::test(start_paused = true)]
async fn associated_constant() {
    let client = Client::new(0);
    assert_eq!(three(|| client.associated()).await, Duration::from_secs(1));
}

#[rate_limited(rate = 1000, max_retries = RETRIES)]
async fn generic_constants<const RETRIES: u32>(api: &Api) -> Result<(), Failed> {
    Ok(api.answer(()).await?)
}

#[tokio::test(start_paused = true)]
async fn generic_constants_are_values_of_each_call() {
    let api = Api::throttling(9);
    assert!(generic_constants::<1>(&api).await.is_err());
    assert!(generic_constants::<2>(&api).await.is_err());
    assert_eq!(api.attempts(), 5);
}

static SHARED: LazyLock<Limiter> = LazyLock::new(|| {
    let rate = Rate::parse("2/s").expect("a rate");
    Limiter::new(Quota::new(rate).with_burst(NonZeroU32::MIN))
});

static CONSTANT: Limiter =
    Limiter::new(Quota::per_second(NonZeroU32::MIN).with_burst(NonZeroU32::MIN));

static RATE: u32 = 2;

#[rate_limited(rate = RATE, burst = 1)]
async fn static_value(api: &Api) -> Result<(), Status> {
    api.answer(()).await
}

#[rate_limited(rate = *LAZY_RATE, burst = 1)]
async fn lazy_value(api: &Api) -> Result<(), Failed> {
    Ok(api.answer(()).await?)
}

static LAZY_RATE: LazyLock<u32> = LazyLock::new(|| 4);

#[tokio::test(start_paused = true)]
async fn statics_are_values() {
    let api = Api::throttling(0);
    assert_eq!(three(|| static_value(&api)).await, Duration::from_secs(1));
    assert_eq!(three(|| lazy_value(&api)).await, Duration::from_millis(500));
}

#[rate_limited(limiter = SHARED)]
async fn on_lazy_static(api: &Api) -> Result<(), Status> {
    api.answer(()).await
}

#[rate_limited(limiter = CONSTANT)]
async fn on_static(api: &Api) -> Result<(), Status> {
    api.answer(()).await
}

#[rate_limited(limiter = limiter)]
async fn on_argument(api: &Api, limiter: Arc<Limiter>) -> Result<(), Status> {
    api.answer(()).await
}

#[tokio::test(start_paused = true)]
async fn limiter_by_any_expression() {
    let client = Client::new(0);
    assert_eq!(
        three(|| client.on_field()).await,
        Duration::from_millis(500)
    );
    assert_eq!(
        three(|| client.on_reference()).await,
        Duration::from_millis(750)
    );
    assert_eq!(
        three(|| on_lazy_static(&client.api)).await,
        Duration::from_secs(1)
    );
    assert_eq!(
        three(|| on_static(&client.api)).await,
        Duration::from_secs(2)
    );
    let limiter = Arc::new(client.limiter.clone());
    assert_eq!(
        three(|| on_argument(&client.api, Arc::clone(&limiter))).await,
        Duration::from_millis(500)
    );
}

#[rate_limited(limiter = "values", rate = 2, burst = 1)]
async fn declaring(api: &Api) -> Result<(), Status> {
    api.answer(()).await
}

#[rate_limited(limiter = "values")]
async fn joining(api: &Api) -> Result<(), Status> {
    api.answer(()).await
}

#[tokio::test(start_paused = true)]
async fn limiter_by_name() {
    let api = Api::throttling(0);
    assert_eq!(three(|| declaring(&api)).await, Duration::from_secs(1));
    assert_eq!(three(|| joining(&api)).await, Duration::from_millis(1500));
}

#[rate_limited(rate = 1000, classify = stop)]
async fn by_path(api: &Api) -> Result<u8, Status> {
    api.answer(1).await
}

fn stop(_: &Result<u8, Status>) -> Verdict {
    Verdict::Stop
}

#[rate_limited(rate = 1000, classify = |out| if out.is_ok() && api.attempts() < limit { Verdict::Retry { retry_after: None } } else { Verdict::Auto })]
async fn by_closure(api: &Api, limit: u32) -> Result<u8, Status> {
    api.answer(1).await
}

#[tokio::test(start_paused = true)]
async fn verdict_by_path_and_by_closure() {
    let api = Api::throttling(1);
    assert_eq!(by_path(&api).await, Err(Status(429)));
    assert_eq!(api.attempts(), 1);
    let api = Api::throttling(1);
    assert_eq!(by_closure(&api, 4).await, Ok(1));
    assert_eq!(api.attempts(), 4);
}
