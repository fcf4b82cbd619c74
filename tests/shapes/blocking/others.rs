//! Attributes, names, errors, values and costs.

use std::error::Error;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use paced::{Failure, Limiter, Quota, Rate, Signal, Verdict, rate_limited};
use tracing::instrument;

use crate::support::{Api, Status};

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
#[instrument(skip(api))]
fn span_per_call(api: &Api, name: String) -> Result<usize, Status> {
    api.call().map(|()| name.len())
}

#[instrument(skip(api))]
#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn span_per_attempt(api: &Api, name: String) -> Result<usize, Status> {
    api.call().map(|()| name.len())
}

#[test]
fn instrument_below_and_above() {
    for function in [span_per_call, span_per_attempt] {
        let api = Api::throttling(1);
        assert_eq!(function(&api, "a".to_owned()), Ok(1));
        assert_eq!(api.attempts(), 2);
    }
}

/// Docs.
#[must_use]
#[inline]
#[track_caller]
#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn attributed(
    api: &Api,
    #[cfg(not(doc))] n: u8,
    #[cfg(doc)] none: u8,
    #[expect(unused_variables)] unused: u8,
) -> Result<u8, Status> {
    #![expect(unused_mut)]
    let mut n = n;
    api.call().map(|()| n)
}

#[test]
fn attributes_and_cfg_on_arguments() {
    let api = Api::throttling(1);
    assert_eq!(attributed(&api, 3, 4), Ok(3));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn named_like_ours(call: &Api, out: u8, probe: u8, costs: u8) -> Result<u8, Status> {
    const SITE: u8 = 1;
    call.call().map(|()| out + probe + costs + SITE)
}

#[test]
fn arguments_and_constants_named_like_ours() {
    let api = Api::throttling(1);
    assert_eq!(named_like_ours(&api, 1, 2, 3), Ok(7));
    assert_eq!(api.attempts(), 2);
}

macro_rules! function {
    ($name:ident, $api:ident, $value:expr) => {
        #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
        fn $name($api: &Api) -> Result<u8, Status> {
            let value = $value;
            $api.call().map(|()| value)
        }
    };
}

function!(of_a_macro, api, 1 + 1);

#[test]
fn function_written_by_a_macro() {
    let api = Api::throttling(1);
    assert_eq!(of_a_macro(&api), Ok(2));
    assert_eq!(api.attempts(), 2);
}

/// An error that stays on its thread.
#[derive(Debug)]
struct Local(Rc<str>);

impl Signal for Local {
    fn failure(&self) -> Failure {
        Failure::Status(503)
    }
}

#[rate_limited(rate = 1000, max_retries = 1, backoff(base = "1ms", max = "1ms"))]
fn local(api: &Api) -> Result<Rc<str>, Local> {
    api.call().map_err(|_| Local("late".into()))?;
    Ok("done".into())
}

#[test]
fn values_and_errors_that_are_not_send() {
    let done = local(&Api::throttling(1));
    assert_eq!(done.ok().as_deref(), Some("done"));
    let late = local(&Api::throttling(2));
    assert_eq!(late.err().map(|error| error.0).as_deref(), Some("late"));
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn boxed(api: &Api) -> Result<u8, Box<dyn Error + Send + Sync>> {
    api.call()
        .map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
    Ok(1)
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn of_anyhow(api: &Api) -> anyhow::Result<u8> {
    api.call()
        .map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
    Ok(2)
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn of_a_parameter<E: From<Status> + Signal>(api: &Api) -> Result<u8, E> {
    api.call()?;
    Ok(3)
}

#[test]
fn errors_of_many_types() {
    let api = Api::throttling(1);
    assert_eq!(boxed(&api).ok(), Some(1));
    let api = Api::throttling(1);
    assert_eq!(of_anyhow(&api).ok(), Some(2));
    let api = Api::throttling(1);
    assert_eq!(of_a_parameter::<Status>(&api), Ok(3));
    assert_eq!(api.attempts(), 2);
}

struct Paced {
    api: Api,
    limiter: Arc<Limiter>,
    retries: u32,
}

#[derive(Debug)]
struct Failed;

impl From<paced::Error> for Failed {
    fn from(error: paced::Error) -> Self {
        panic!("refused: {error}")
    }
}

impl Paced {
    #[rate_limited(
        limiter = self.limiter, max_retries = self.retries, deadline = left, cost = pages.len(),
        settle(requests = |found| *found), backoff(base = "1ms", max = "1ms"),
        classify = |out| if out.is_err() { Verdict::Retry { retry_after: None } } else { Verdict::Auto },
    )]
    fn pages(&self, pages: &[u8], left: Duration) -> Result<u32, Failed> {
        self.api.call().map(|()| 1).map_err(|_| Failed)
    }
}

#[test]
fn values_costs_and_verdicts() {
    let quota = Quota::new(Rate::parse("1000/s").expect("a rate"));
    let paced = Paced {
        api: Api::throttling(1),
        limiter: Arc::new(Limiter::new(quota)),
        retries: 2,
    };
    let found = paced.pages(&[1, 2, 3], Duration::from_secs(60));
    assert_eq!(found.ok(), Some(1));
    assert_eq!(paced.api.attempts(), 2);
}

#[rate_limited(rate = 1000, mode = "off", backoff(base = "1ms", max = "1ms"))]
fn switched_off(api: &Api) -> Result<(), Status> {
    api.call()
}

#[test]
fn a_function_without_a_limiter_is_retried() {
    let api = Api::throttling(1);
    assert_eq!(switched_off(&api), Ok(()));
    assert_eq!(api.attempts(), 2);
}
