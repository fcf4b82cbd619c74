//! Limits with keys of their own on functions of many shapes.

use core::future::Future;

use async_trait::async_trait;
use paced::rate_limited;

use crate::support::{Api, Status};

#[rate_limited(limits(requests(rate = 1000, key = tenant), requests(rate = 2000, key = ())))]
async fn free(api: &Api, tenant: &str) -> Result<u32, Status> {
    api.answer(1).await
}

#[rate_limited(limits(requests(rate = 1000, key = (tenant, &*name)), requests = 2000), max_retries = 0)]
async fn consumed(api: &Api, tenant: u64, name: String) -> Result<String, Status> {
    api.answer(name).await
}

#[rate_limited(limits(requests(rate = 1000, key = tenant), requests = 2000))]
fn future<'a>(api: &'a Api, tenant: &'a str) -> impl Future<Output = Result<u32, Status>> + 'a {
    async move { api.answer(u32::try_from(tenant.len()).unwrap()).await }
}

#[rate_limited(
    limits(
        requests(rate = 1000, key = id),
        posts(rate = 1000, key = of),
        all(rate = 9000, burst = 9000),
    ),
    cost(posts = 1, all = of.len() + 1),
)]
async fn generic<T: core::hash::Hash, const N: usize>(
    api: &Api,
    id: T,
    of: [u8; N],
) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    Ok(api.answer(N).await?)
}

struct Client {
    api: Api,
    account: String,
}

impl Client {
    #[rate_limited(limits(requests(rate = 1000, key = self.account), requests = 2000))]
    async fn read(&mut self, calls: &mut u32) -> Result<u32, Status> {
        *calls += 1;
        self.account.push('x');
        self.api.answer(*calls).await
    }
}

#[async_trait]
trait Remote {
    async fn get(&self, id: u64) -> Result<u64, Status>;
}

#[async_trait]
impl Remote for Client {
    #[rate_limited(key = id, limits(requests = 1000, requests(rate = 2000, key = ())))]
    async fn get(&self, id: u64) -> Result<u64, Status> {
        self.api.answer(id).await
    }
}

#[tokio::test(start_paused = true)]
async fn functions_with_keys_of_limits() {
    let api = Api::throttling(1);
    assert_eq!(free(&api, "acme").await, Ok(1));
    assert_eq!(api.attempts(), 2);
    let api = Api::throttling(0);
    assert_eq!(consumed(&api, 7, "x".to_owned()).await, Ok("x".to_owned()));
    let api = Api::throttling(1);
    assert_eq!(future(&api, "acme").await, Ok(4));
    assert_eq!(api.attempts(), 2);
    let api = Api::throttling(0);
    assert_eq!(generic(&api, "id", [1, 2]).await.unwrap(), 2);
    assert_eq!(api.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn methods_with_keys_of_limits() {
    let mut client = Client {
        api: Api::throttling(1),
        account: "acme".to_owned(),
    };
    let mut calls = 0;
    assert_eq!(client.read(&mut calls).await, Ok(2));
    assert_eq!(client.get(7).await, Ok(7));
    assert_eq!(client.api.attempts(), 3);
}
