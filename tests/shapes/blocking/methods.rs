//! Methods and associated functions, also of traits.

use std::rc::Rc;

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
    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    fn shared(&self, suffix: &str) -> Result<String, Status> {
        self.api.call()?;
        Ok(format!("{}{suffix}", self.name.as_ref()))
    }

    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    fn exclusive(&mut self) -> Result<usize, Status> {
        self.log.push(self.api.attempts());
        self.api.call().map(|()| self.log.len())
    }

    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    fn borrowing<'a>(&'a self, _other: &str) -> Result<&'a str, Status> {
        self.api.call().map(|()| self.name.as_ref())
    }

    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    fn borrowing_exclusively(&mut self) -> Result<&str, Status> {
        self.api.call().map(|()| self.name.as_ref())
    }

    #[rate_limited(rate = 1000, max_retries = 0, backoff(base = "1ms", max = "1ms"))]
    fn lending(&mut self) -> Result<&mut Vec<u32>, Status> {
        self.api.call().map(|()| &mut self.log)
    }

    #[rate_limited(rate = 1000, max_retries = 0)]
    fn consuming(self) -> Result<T, Status> {
        self.api.call().map(|()| self.name)
    }

    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    pub(crate) fn counted(self: Rc<Self>, plus: u32) -> Result<u32, Status> {
        self.api.call().map(|()| self.api.attempts() + plus)
    }

    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    fn connect(api: &Api, name: T) -> Result<Self, Status>
    where
        Self: Sized,
        T: Clone,
    {
        api.call().map(|()| Self::new(name.clone()))
    }
}

impl Handle<'_> {
    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    fn copied(self) -> Result<u8, Status> {
        self.0.call().map(|()| 1)
    }
}

#[test]
fn shared_self_in_a_generic_impl() {
    let client = Client::new("a");
    assert_eq!(client.shared("b"), Ok("ab".to_owned()));
    assert_eq!(client.api.attempts(), 2);
}

#[test]
fn exclusive_self() {
    let mut client = Client::new("a");
    assert_eq!(client.exclusive(), Ok(2));
    assert_eq!(client.log, [0, 1]);
}

#[test]
fn result_borrowed_from_self() {
    let mut client = Client::new("a".to_owned());
    assert_eq!(client.borrowing(""), Ok("a"));
    assert_eq!(client.api.attempts(), 2);
    assert_eq!(client.borrowing_exclusively(), Ok("a"));
}

#[test]
fn exclusive_result_without_retries() {
    let mut client = Client::new("a");
    assert!(client.lending().is_err());
    client.lending().expect("the second call").push(5);
    assert_eq!(client.log, [5]);
}

#[test]
fn owned_self_without_retries() {
    let client = Client {
        api: Api::throttling(0),
        ..Client::new("a")
    };
    assert_eq!(client.consuming(), Ok("a"));
}

#[test]
fn self_behind_an_rc() {
    let client = Rc::new(Client::new("a"));
    assert_eq!(Rc::clone(&client).counted(10), Ok(12));
}

#[test]
fn self_as_result_with_a_where_clause() {
    let api = Api::throttling(1);
    let client = Client::connect(&api, "a");
    assert_eq!(client.map(|client| client.name), Ok("a"));
    assert_eq!(api.attempts(), 2);
}

#[test]
fn copied_self() {
    let api = Api::throttling(1);
    assert_eq!(Handle(&api).copied(), Ok(1));
    assert_eq!(api.attempts(), 2);
}

trait Source {
    fn api(&self) -> &Api;

    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    fn length(&self, name: &str) -> Result<usize, Status> {
        self.api().call().map(|()| name.len())
    }

    fn name(&self) -> Result<&str, Status>;
}

impl Source for Client<String> {
    fn api(&self) -> &Api {
        &self.api
    }

    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    fn name(&self) -> Result<&str, Status> {
        self.api.call().map(|()| &*self.name)
    }
}

#[test]
fn methods_of_a_trait_object() {
    let client = Client::new("a".to_owned());
    let source: &dyn Source = &client;
    assert_eq!(source.length("abc"), Ok(3));
    assert_eq!(source.name(), Ok("a"));
    assert_eq!(client.api.attempts(), 3);
}
