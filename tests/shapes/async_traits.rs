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
