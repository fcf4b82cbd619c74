//! Methods of traits that `#[async_trait]` rewrites before the attribute sees them.

use async_trait::async_trait;
use paced::rate_limited;

use crate::support::{Api, Status};

#[async_trait]
trait Dynamic: Send + Sync {
    fn api(&self) -> &Api;

    #[rate_limited(rate = 1000)]
    async fn with_default(&self, n: u8) -> Result<u8, Status> {
        self.api().answer(n).await
    }

    async fn required(&self, name: &str) -> Result<String, Status>;
}

#[async_trait]
impl Dynamic for Api {
    fn api(&self) -> &Api {
        self
    }

    #[rate_limited(rate = 1000)]
    async fn required(&self, name: &str) -> Result<String, Status> {
        if name.is_empty() {
            return Ok(String::new());
        }
        self.answer(format!("{name}!")).await
    }
}

#[tokio::test(start_paused = true)]
async fn async_trait_default_body() {
    let api: Box<dyn Dynamic> = Box::new(Api::throttling(1));
    assert_eq!(api.with_default(1).await, Ok(1));
    assert_eq!(api.api().attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn async_trait_impl() {
    let api: Box<dyn Dynamic> = Box::new(Api::throttling(1));
    assert_eq!(api.required("").await, Ok(String::new()));
    assert_eq!(api.required("a").await, Ok("a!".to_owned()));
    assert_eq!(api.api().attempts(), 2);
}

#[async_trait(?Send)]
trait Local {
    #[rate_limited(rate = 1000)]
    async fn local(&self, api: &Api) -> Result<u8, Status> {
        let not_send = std::rc::Rc::new(1);
        api.answer(()).await?;
        Ok(*not_send)
    }
}

impl Local for u8 {}

#[tokio::test(start_paused = true)]
async fn async_trait_without_send() {
    let api = Api::throttling(1);
    assert_eq!(0.local(&api).await, Ok(1));
    assert_eq!(api.attempts(), 2);
}

struct Client {
    api: Api,
    log: Vec<u32>,
}

#[async_trait]
trait Consume: Sized {
    async fn exclusive(&mut self, text: String) -> Result<usize, Status>;
    async fn reading<T: Send, F: Fn() -> T + Send>(
        &self,
        mut tries: Vec<u8>,
        value: F,
        (a, b): (String, String),
    ) -> Result<(T, usize), Status>;
    async fn consume(self, text: String) -> Result<String, Status>;
}

#[async_trait]
impl Consume for Client {
    #[rate_limited(rate = 1000)]
    async fn exclusive(&mut self, text: String) -> Result<usize, Status> {
        self.log.push(self.api.attempts());
        self.api.answer(text.len()).await
    }

    #[rate_limited(rate = 1000)]
    async fn reading<T: Send, F: Fn() -> T + Send>(
        &self,
        mut tries: Vec<u8>,
        value: F,
        (a, b): (String, String),
    ) -> Result<(T, usize), Status> {
        tries.push(1);
        self.api.answer(()).await?;
        Ok((value(), tries.len() + a.len() + b.len()))
    }

    #[rate_limited(rate = 1000, max_retries = 0)]
    async fn consume(self, text: String) -> Result<String, Status> {
        self.api.answer(text).await
    }
}

#[tokio::test(start_paused = true)]
async fn async_trait_exclusive_self_and_owned_argument() {
    let mut client = Client {
        api: Api::throttling(1),
        log: Vec::new(),
    };
    assert_eq!(client.exclusive("abc".to_owned()).await, Ok(3));
    assert_eq!(client.log, [0, 1]);
}

/// `value` is `Send` but not `Sync`, which is all that `#[async_trait]` asks for.
#[tokio::test(start_paused = true)]
async fn async_trait_generics_patterns_and_mutable_arguments() {
    let client = Client {
        api: Api::throttling(1),
        log: Vec::new(),
    };
    let cell = std::cell::Cell::new(5);
    let pair = ("ab".to_owned(), "c".to_owned());
    assert_eq!(
        client.reading(vec![], move || cell.get(), pair).await,
        Ok((5, 5))
    );
    assert_eq!(client.api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn async_trait_owned_self_without_retries() {
    let client = Client {
        api: Api::throttling(0),
        log: Vec::new(),
    };
    assert_eq!(client.consume("a".to_owned()).await, Ok("a".to_owned()));
}
