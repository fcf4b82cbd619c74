//! Methods and associated functions.

use std::sync::Arc;

use paced::rate_limited;

use crate::support::{Api, Status};

struct Client<T> {
    api: Api,
    name: T,
    log: Vec<u32>,
}

impl<T> Client<T> {
    fn new(name: T) -> Self {
        Self {
            api: Api::throttling(1),
            name,
            log: Vec::new(),
        }
    }
}

#[derive(Clone, Copy)]
struct Handle<'a>(&'a Api);

impl<T: AsRef<str>> Client<T> {
    #[rate_limited(rate = 1000)]
    async fn shared(&self, suffix: &str) -> Result<String, Status> {
        self.api
            .answer(format!("{}{suffix}", self.name.as_ref()))
            .await
    }

    #[rate_limited(rate = 1000)]
    async fn exclusive(&mut self) -> Result<usize, Status> {
        self.log.push(self.api.attempts());
        self.api.answer(self.log.len()).await
    }

    #[rate_limited(rate = 1000)]
    async fn borrowing<'a>(&'a self, _other: &str) -> Result<&'a str, Status> {
        self.api.answer(self.name.as_ref()).await
    }

    #[rate_limited(rate = 1000)]
    async fn borrowing_exclusively(&mut self) -> Result<&str, Status> {
        self.api.answer(self.name.as_ref()).await
    }

    #[rate_limited(rate = 1000, max_retries = 0)]
    async fn lending(&mut self) -> Result<&mut Vec<u32>, Status> {
        self.api.answer(&mut self.log).await
    }

    #[rate_limited(rate = 1000, max_retries = 0)]
    async fn consuming(self) -> Result<T, Status> {
        self.api.answer(self.name).await
    }

    #[rate_limited(rate = 1000)]
    pub(crate) async fn counted(self: Arc<Self>, plus: u32) -> Result<u32, Status> {
        self.api.answer(self.api.attempts() + plus).await
    }

    #[rate_limited(rate = 1000)]
    async fn connect(api: &Api, name: T) -> Result<Self, Status>
    where
        Self: Sized,
        T: Clone,
    {
        api.answer(Self::new(name.clone())).await
    }
}

impl Handle<'_> {
    #[rate_limited(rate = 1000)]
    async fn copied(self) -> Result<u8, Status> {
        self.0.answer(1).await
    }
}

#[tokio::test(start_paused = true)]
async fn shared_self_in_a_generic_impl() {
    let client = Client::new("a");
    assert_eq!(client.shared("b").await, Ok("ab".to_owned()));
    assert_eq!(client.api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn exclusive_self() {
    let mut client = Client::new("a");
    assert_eq!(client.exclusive().await, Ok(2));
    assert_eq!(client.log, [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn result_borrowed_from_self() {
    let mut client = Client::new("a".to_owned());
    assert_eq!(client.borrowing("").await, Ok("a"));
    assert_eq!(client.api.attempts(), 2);
    assert_eq!(client.borrowing_exclusively().await, Ok("a"));
}

#[tokio::test(start_paused = true)]
async fn result_borrowed_from_exclusive_self_in_a_loop() {
    let mut client = Client::new("a".to_owned());
    assert_eq!(client.borrowing_exclusively().await, Ok("a"));
    assert_eq!(client.api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn exclusive_result_without_retries() {
    let mut client = Client::new("a");
    assert!(client.lending().await.is_err());
    client.lending().await.expect("the second call").push(5);
    assert_eq!(client.log, [5]);
}

#[tokio::test(start_paused = true)]
async fn owned_self_without_retries() {
    let client = Client {
        api: Api::throttling(0),
        name: "a",
        log: Vec::new(),
    };
    assert_eq!(client.consuming().await, Ok("a"));
}

#[tokio::test(start_paused = true)]
async fn copied_self() {
    let api = Api::throttling(1);
    assert_eq!(Handle(&api).copied().await, Ok(1));
    assert_eq!(api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn self_behind_an_arc() {
    let client = Arc::new(Client::new("a"));
    assert_eq!(Arc::clone(&client).counted(10).await, Ok(11));
    assert_eq!(client.api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn self_as_result_with_a_where_clause() {
    let api = Api::throttling(1);
    let client = Client::connect(&api, "a").await;
    assert_eq!(client.map(|client| client.name), Ok("a"));
    assert_eq!(api.attempts(), 2);
}
