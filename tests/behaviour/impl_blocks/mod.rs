//! The attribute on `impl` blocks.

use std::io;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use paced::Error;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::quota;
use crate::support::secs;
use crate::support::since;

macro_rules! path {
    ($name:literal) => {
        concat!(module_path!(), "::", $name)
    };
}

/// Returns the free tokens of the limiter with this name.
fn available(path: &str) -> u64 {
    let limiter = paced::limiter(path);
    assert!(limiter.is_declared(), "{path}");
    limiter.snapshot().available
}

mod naming;
mod written;

#[derive(Default)]
struct Api {
    calls: AtomicU32,
}

#[rate_limited(rate = 1, burst = 3, max_retries = 1)]
impl Api {
    const ANSWER: u32 = Self::answer();

    const fn answer() -> u32 {
        7
    }

    async fn user(&self) -> io::Result<u32> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(Self::ANSWER)
    }

    /// Answers from a connection that is refused.
    pub(crate) async fn refused(&self) -> io::Result<()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    #[rate_limited(inherit, max_retries = 0)]
    async fn refused_once(&self) -> io::Result<()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    #[rate_limited(inherit, cost = 2, max_wait = "1ms")]
    async fn list(&self) -> io::Result<Vec<u32>> {
        Ok(vec![Self::ANSWER])
    }

    #[rate_limited(rate = 1, burst = 1)]
    async fn search(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(skip)]
    async fn local(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    async fn connect() -> io::Result<Self> {
        Ok(Self::default())
    }
}

#[tokio::test(start_paused = true)]
async fn functions_of_a_block_share_one_limiter() {
    let start = Instant::now();
    let api = Api::connect().await.unwrap();
    assert_eq!(available(path!("Api")), 2);
    assert_eq!(api.user().await.unwrap(), 7);
    assert_eq!(api.user().await.unwrap(), 7);
    assert_eq!(since(start), 0);
    // An own attribute replaces that of the block, and `skip` is none at all.
    api.search().await.unwrap();
    assert_eq!(available(path!("Api::search")), 0);
    assert_eq!((api.local().await, since(start)), (2, 0));
    api.user().await.unwrap();
    assert_eq!(since(start), 1_000);
    // `inherit` adds options.
    let error = api.list().await.unwrap_err();
    let error = Error::find(&error).unwrap();
    assert_eq!(error.retry_after(), Some(secs(2)));
    assert_eq!(error.limiter(), Some(path!("Api")));
    tokio::time::sleep(secs(9)).await;
    assert_eq!(api.list().await.unwrap(), [7]);
    assert_eq!(available(path!("Api")), 1);
    // Each function has options of the call for itself.
    let calls = || api.calls.load(Ordering::Relaxed);
    let before = calls();
    api.refused_once().await.unwrap_err();
    assert_eq!(calls(), before + 1);
    api.refused().await.unwrap_err();
    assert_eq!(calls(), before + 3);
}

struct Priced;

#[rate_limited(rate = "10/min")]
impl Priced {
    async fn one(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(inherit, cost = 10)]
    async fn ten(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_burst_holds_what_any_function_of_the_block_takes() {
    Priced.one().await.unwrap();
    assert_eq!(available(path!("Priced")), 9);
    let start = Instant::now();
    Priced.ten().await.unwrap();
    assert_eq!(since(start), 6_000);
}

struct Units;

#[rate_limited(limits(requests = 10, tokens = 100))]
impl Units {
    async fn free(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(inherit, cost(tokens = 40), settle(tokens = |used| *used))]
    async fn paid(&self) -> io::Result<u32> {
        Ok(30)
    }
}

#[tokio::test(start_paused = true)]
async fn functions_of_a_block_take_different_units() {
    Units.free().await.unwrap();
    Units.paid().await.unwrap();
    let tokens = paced::limiter(path!("Units")).snapshot();
    assert_eq!(tokens.row("requests").unwrap().available, 8);
    assert_eq!(tokens.row("tokens").unwrap().available, 70);
}

static RATE: AtomicU32 = AtomicU32::new(5);

struct Late;

#[rate_limited(rate = RATE.load(Ordering::Relaxed), burst = 1)]
impl Late {
    async fn one(&self) -> io::Result<()> {
        Ok(())
    }

    async fn other(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_call_of_a_block_decides_about_its_rate() {
    Late.other().await.unwrap();
    RATE.store(50, Ordering::Relaxed);
    let start = Instant::now();
    Late.one().await.unwrap();
    assert_eq!(since(start), 200);
    let limiter = paced::limiter(path!("Late"));
    assert_eq!(limiter.snapshot().rate.to_string(), "5/s");
}

struct Wrong;

#[rate_limited(rate = f64::from(RATE.load(Ordering::Relaxed)) * 0.0)]
impl Wrong {
    async fn call(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn errors_name_the_function_by_its_type() {
    let error = Wrong.call().await.unwrap_err().to_string();
    assert!(error.contains(path!("Wrong::call")), "{error}");
}

struct Held {
    limiter: Limiter,
}

#[rate_limited(limiter = self.limiter)]
impl Held {
    async fn one(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(inherit, idempotent)]
    async fn other(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(skip)]
    async fn connect() -> Self {
        Self {
            limiter: Limiter::new(quota(1.0, 5)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_limiter_of_self_is_that_of_the_block() {
    let held = Held::connect().await;
    held.one().await.unwrap();
    held.other().await.unwrap();
    assert_eq!(held.limiter.snapshot().available, 3);
}
