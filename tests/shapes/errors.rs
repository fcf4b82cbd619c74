//! Errors that borrow, or whose type is only known to the caller.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use paced::rate_limited;

fn refused() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionRefused)
}

/// Fails to connect the first time.
#[derive(Default)]
struct Flaky(AtomicU32);

impl Flaky {
    fn call(&self) -> io::Result<u8> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err(refused()),
            _ => Ok(1),
        }
    }

    fn attempts(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An error that borrows what it is about, and came from another one.
#[derive(Debug)]
struct About<'a>(&'a str, Option<io::Error>);

impl fmt::Display for About<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for About<'_> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.1.as_ref().map(|source| source as _)
    }
}

trait Api {
    type Error: StdError;

    fn flaky(&self) -> &Flaky;

    async fn call(&self) -> Result<u8, Self::Error>;
}

struct Client {
    name: String,
    flaky: Flaky,
}

impl Client {
    fn new() -> Self {
        Self {
            name: "client".to_owned(),
            flaky: Flaky::default(),
        }
    }

    #[rate_limited(rate = 1000)]
    async fn borrowed_from_self(&self) -> Result<u8, About<'_>> {
        let out = self.flaky.call();
        out.map_err(|error| About(&self.name, Some(error)))
    }

    #[rate_limited(rate = 1000, max_retries = 0)]
    async fn once(&mut self) -> Result<u8, About<'_>> {
        let out = self.flaky.call();
        out.map_err(|error| About(&self.name, Some(error)))
    }
}

impl<'c> Api for &'c Client {
    type Error = About<'c>;

    fn flaky(&self) -> &Flaky {
        &self.flaky
    }

    async fn call(&self) -> Result<u8, About<'c>> {
        let out = self.flaky.call();
        out.map_err(|error| About(&self.name, Some(error)))
    }
}

#[rate_limited(rate = 1000)]
async fn through<A: Api>(api: &A) -> Result<u8, A::Error> {
    api.call().await
}

#[rate_limited(rate = 1000)]
async fn by_parameter<E: StdError>(call: impl Fn() -> Result<u8, E>) -> Result<u8, E> {
    call()
}

#[rate_limited(rate = 1000)]
async fn about<'a>(text: &'a str, flaky: &Flaky) -> Result<u8, About<'a>> {
    flaky.call().map_err(|error| About(text, Some(error)))
}

#[rate_limited(rate = 1000)]
async fn boxed<'a>(text: &'a str, flaky: &Flaky) -> Result<u8, Box<dyn StdError + 'a>> {
    Ok(flaky.call().map_err(|error| About(text, Some(error)))?)
}

#[rate_limited(rate = 1000)]
async fn boxed_and_shared<'a>(
    text: &'a str,
    flaky: &Flaky,
) -> Result<u8, Box<dyn StdError + Send + Sync + 'a>> {
    Ok(flaky.call().map_err(|error| About(text, Some(error)))?)
}

#[rate_limited(rate = 1000)]
async fn opaque(text: &str, flaky: &Flaky) -> Result<u8, impl StdError> {
    flaky.call().map_err(|error| About(text, Some(error)))
}

#[tokio::test(start_paused = true)]
async fn errors_that_borrow() {
    let client = Client::new();
    assert_eq!(client.borrowed_from_self().await.ok(), Some(1));
    assert_eq!(client.flaky.attempts(), 2);
    let client = Client::new();
    assert_eq!(through(&&client).await.ok(), Some(1));
    assert_eq!((&client).flaky().attempts(), 2);
    let flaky = Flaky::default();
    let text = "text".to_owned();
    let call = || flaky.call().map_err(|error| About(&text, Some(error)));
    assert_eq!(by_parameter(call).await.ok(), Some(1));
    assert_eq!(flaky.attempts(), 2);
    let mut client = Client::new();
    assert_eq!(client.once().await.unwrap_err().to_string(), "client");
}

#[tokio::test(start_paused = true)]
async fn errors_that_borrow_an_argument() {
    let text = "text".to_owned();
    let flaky: [Flaky; 4] = Default::default();
    assert_eq!(about(&text, &flaky[0]).await.ok(), Some(1));
    assert_eq!(boxed(&text, &flaky[1]).await.ok(), Some(1));
    assert_eq!(boxed_and_shared(&text, &flaky[2]).await.ok(), Some(1));
    assert_eq!(opaque(&text, &flaky[3]).await.ok(), Some(1));
    assert_eq!(flaky.map(|flaky| flaky.attempts()), [2; 4]);
}

/// Calls that fail with a reference to this.
struct Kept(io::Error, AtomicU32);

impl Kept {
    #[rate_limited(rate = 1000, max_retries = 1)]
    async fn by_reference(&self) -> Result<u8, &io::Error> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Err(&self.0)
    }

    #[rate_limited(rate = 1000, max_retries = 1)]
    async fn in_an_arc(&self) -> Result<u8, Arc<io::Error>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Err(Arc::new(refused()))
    }

    #[rate_limited(rate = 1000, max_retries = 1)]
    async fn in_a_box(&self) -> Result<u8, Box<io::Error>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Err(Box::new(refused()))
    }
}

#[tokio::test(start_paused = true)]
async fn errors_of_known_types_behind_pointers() {
    let kept = Kept(refused(), AtomicU32::new(0));
    assert!(kept.by_reference().await.is_err());
    assert_eq!(kept.1.load(Ordering::Relaxed), 2);
    assert!(kept.in_an_arc().await.is_err());
    assert_eq!(kept.1.load(Ordering::Relaxed), 4);
    assert!(kept.in_a_box().await.is_err());
    assert_eq!(kept.1.load(Ordering::Relaxed), 6);
}

/// An error that borrows, but is made of a refusal only where it does not.
#[derive(Debug, PartialEq)]
enum Own<'a> {
    Refused(&'static str),
    Named(&'a str),
}

impl From<paced::Error> for Own<'static> {
    fn from(_: paced::Error) -> Self {
        Own::Refused("refused")
    }
}

#[rate_limited(rate = 1, burst = 1, max_wait = "10ms", deadline = "1h")]
async fn own(name: &str) -> Result<&str, Own<'_>> {
    if name.is_empty() {
        return Err(Own::Named(name));
    }
    Ok(name)
}

#[tokio::test(start_paused = true)]
async fn errors_that_borrow_and_are_made_of_a_refusal() {
    let name = "name".to_owned();
    assert_eq!(own(&name).await, Ok("name"));
    assert_eq!(own(&name).await, Err(Own::Refused("refused")));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(own(&name[4..]).await, Err(Own::Named("")));
}
