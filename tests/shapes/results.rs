//! Result types: aliases, boxed errors, errors behind type parameters.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::rc::Rc;

use anyhow::Context as _;
use paced::{Failure, Signal, rate_limited};

use crate::support::{Api, Status};

fn refused() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionRefused)
}

type ApiResult<T> = Result<T, Status>;

#[rate_limited(rate = 1000)]
async fn own_alias(api: &Api) -> ApiResult<u8> {
    api.answer(1).await
}

#[tokio::test(start_paused = true)]
async fn alias_of_ones_own() {
    let api = Api::throttling(1);
    assert_eq!(own_alias(&api).await, Ok(1));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn io_result(api: &Api) -> io::Result<u8> {
    api.answer(1).await.map_err(|_| refused())
}

#[tokio::test(start_paused = true)]
async fn io_alias() {
    let api = Api::throttling(1);
    assert_eq!(io_result(&api).await.ok(), Some(1));
    assert_eq!(api.attempts(), 2);
}

fn response(status: u16) -> reqwest::Response {
    let response = http::Response::builder().status(status).body("");
    response.expect("a response").into()
}

#[rate_limited(rate = 1000)]
async fn reqwest_result(api: &Api) -> reqwest::Result<u16> {
    let status = api
        .answer(())
        .await
        .map_or_else(|Status(status)| status, |()| 200);
    Ok(response(status).error_for_status()?.status().as_u16())
}

#[tokio::test(start_paused = true)]
async fn reqwest_alias() {
    let api = Api::throttling(1);
    assert_eq!(reqwest_result(&api).await.ok(), Some(200));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn response_as_value(api: &Api) -> Result<reqwest::Response, Box<dyn StdError>> {
    let status = api
        .answer(())
        .await
        .map_or_else(|Status(status)| status, |()| 200);
    Ok(response(status))
}

#[tokio::test(start_paused = true)]
async fn throttled_response_as_a_value() {
    let api = Api::throttling(1);
    let status = response_as_value(&api)
        .await
        .map(|response| response.status().as_u16());
    assert_eq!(status.ok(), Some(200));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn anyhow_result(api: &Api) -> anyhow::Result<u8> {
    api.answer(1)
        .await
        .map_err(|_| refused())
        .context("while answering")
}

#[tokio::test(start_paused = true)]
async fn anyhow_alias() {
    let api = Api::throttling(1);
    assert_eq!(anyhow_result(&api).await.ok(), Some(1));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn boxed_error(api: &Api) -> Result<u8, Box<dyn StdError + Send + Sync>> {
    Ok(api.answer(1).await.map_err(|_| refused())?)
}

#[tokio::test(start_paused = true)]
async fn boxed_errors() {
    let api = Api::throttling(1);
    assert_eq!(boxed_error(&api).await.ok(), Some(1));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn coerced(api: &Api) -> Result<Box<dyn Fn() -> u8 + Send + Sync>, Status> {
    if api.attempts() > 100 {
        return Ok(Box::new(|| 0));
    }
    api.answer(()).await?;
    Ok(Box::new(|| 1))
}

#[tokio::test(start_paused = true)]
async fn results_are_coerced_to_the_declared_type() {
    let api = Api::throttling(1);
    assert_eq!(coerced(&api).await.map(|answer| answer()), Ok(1));
    assert_eq!(api.attempts(), 2);
}

/// An error that only says something through a bound.
#[derive(Debug, PartialEq)]
struct Opaque;

impl Signal for Opaque {
    fn failure(&self) -> Failure {
        Failure::Status(503)
    }
}

impl From<Status> for Opaque {
    fn from(_: Status) -> Self {
        Self
    }
}

#[rate_limited(rate = 1000)]
async fn bounded<E: Signal + From<Status>>(api: &Api) -> Result<u8, E> {
    Ok(api.answer(1).await?)
}

#[rate_limited(rate = 1000)]
async fn unbounded<E: From<Status>>(api: &Api) -> Result<u8, E> {
    Ok(api.answer(1).await?)
}

#[tokio::test(start_paused = true)]
async fn generic_error_with_the_bound() {
    let api = Api::throttling(1);
    assert_eq!(bounded::<Opaque>(&api).await, Ok(1));
    assert_eq!(api.attempts(), 2);
}

/// Method resolution sees bounds only: without one the error says nothing.
#[tokio::test(start_paused = true)]
async fn generic_error_without_the_bound() {
    let api = Api::throttling(1);
    assert_eq!(unbounded::<Opaque>(&api).await, Err(Opaque));
    assert_eq!(api.attempts(), 1);
}

#[rate_limited(rate = 1000)]
async fn closure_of_an_argument(api: &Api, shared: &Rc<u32>) -> Result<impl Fn() -> u32, Status> {
    let shared = Rc::clone(shared);
    api.answer(move || *shared).await
}

#[rate_limited(rate = 1000)]
async fn closure_of_any<T: Copy>(api: &Api, value: T) -> Result<impl Fn() -> T, Status> {
    api.answer(move || value).await
}

#[rate_limited(rate = 1000)]
async fn future_of_an_argument(
    api: &Api,
    shared: &Rc<u32>,
) -> Result<impl Future<Output = u32>, Status> {
    let shared = Rc::clone(shared);
    api.answer(async move { *shared }).await
}

#[tokio::test(start_paused = true)]
async fn results_whose_type_has_no_name() {
    let (api, shared) = (Api::throttling(1), Rc::new(3));
    assert_eq!(
        closure_of_an_argument(&api, &shared).await.map(|f| f()),
        Ok(3)
    );
    assert_eq!(closure_of_any(&api, 4).await.map(|f| f()), Ok(4));
    let future = future_of_an_argument(&api, &shared)
        .await
        .expect("an answer");
    assert_eq!(future.await, 3);
}
