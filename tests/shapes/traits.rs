//! Methods of traits: native `async fn`, and methods declared with a future.

use std::future::Future;

use paced::rate_limited;

use crate::support::{Api, Status};

trait Native {
    fn api(&self) -> &Api;

    #[rate_limited(rate = 1000)]
    async fn with_default(&self, n: u8) -> Result<u8, Status> {
        self.api().answer(n).await
    }

    async fn required(&self) -> Result<&str, Status>;

    fn desugared(&self) -> impl Future<Output = Result<u8, Status>> + Send;

    #[rate_limited(rate = 1000)]
    fn desugared_default(&self) -> impl Future<Output = Result<u8, Status>> {
        async { self.api().answer(4).await }
    }

    #[rate_limited(rate = 1000, max_retries = 0)]
    async fn finish(self) -> Result<Self, Status>
    where
        Self: Sized,
    {
        self.api().answer(()).await?;
        Ok(self)
    }
}

impl Native for Api {
    fn api(&self) -> &Api {
        self
    }

    #[rate_limited(rate = 1000)]
    async fn required(&self) -> Result<&str, Status> {
        self.answer("a").await
    }

    #[rate_limited(rate = 1000)]
    async fn desugared(&self) -> Result<u8, Status> {
        self.answer(3).await
    }
}

#[tokio::test(start_paused = true)]
async fn native_async_fn_with_a_default_body() {
    let api = Api::throttling(1);
    assert_eq!(api.with_default(1).await, Ok(1));
    assert_eq!(api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn native_async_fn_in_an_impl() {
    let api = Api::throttling(1);
    assert_eq!(api.required().await, Ok("a"));
    assert_eq!(api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn async_fn_for_a_declared_future() {
    let api = Api::throttling(1);
    assert_eq!(api.desugared().await, Ok(3));
    assert_eq!(api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn declared_future_with_a_default_body() {
    let api = Api::throttling(1);
    assert_eq!(api.desugared_default().await, Ok(4));
    assert_eq!(api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn owned_self_where_sized() {
    let api = Api::throttling(0);
    assert_eq!(api.finish().await.map(|api| api.attempts()), Ok(1));
}
