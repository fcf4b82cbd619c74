//! Free functions.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;

use paced::rate_limited;

use crate::support::{Api, Status};

#[rate_limited(rate = 1000)]
async fn plain(api: &Api, id: u64) -> Result<u64, Status> {
    api.answer(id).await
}

#[tokio::test(start_paused = true)]
async fn free_function() {
    let api = Api::throttling(1);
    assert_eq!(plain(&api, 7).await, Ok(7));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
pub(crate) async fn early(api: &Api, stop: bool) -> Result<&'static str, Status> {
    if stop {
        api.answer(()).await?;
        return Ok("early");
    }
    api.answer("late").await
}

#[tokio::test(start_paused = true)]
async fn early_return_and_question_mark() {
    for (stop, answer) in [(true, "early"), (false, "late")] {
        let api = Api::throttling(1);
        assert_eq!(early(&api, stop).await, Ok(answer));
        assert_eq!(api.attempts(), 2);
    }
}

#[rate_limited(rate = 1000)]
async fn generic<'a, T, D, const N: usize>(
    api: &'a Api,
    names: &'a [T; N],
    seen: D,
) -> Result<&'a T, Status>
where
    T: Display + PartialEq,
    D: Fn(&T) -> bool,
{
    let found = names
        .iter()
        .find(|name| !seen(name))
        .unwrap_or(&names[N - 1]);
    api.answer(found).await
}

#[tokio::test(start_paused = true)]
async fn generics_bounds_where_and_const_generics() {
    let api = Api::throttling(2);
    assert_eq!(
        generic(&api, &["a", "b"], |name| *name == "a").await,
        Ok(&"b")
    );
    assert_eq!(api.attempts(), 3);
}

#[rate_limited(rate = 1000)]
async fn longest<'a, 'b: 'a>(
    api: &Api,
    first: &'a str,
    second: &'b str,
) -> Result<&'a str, Status> {
    api.answer(if first.len() > second.len() {
        first
    } else {
        second
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn lifetimes() {
    let api = Api::throttling(1);
    assert_eq!(longest(&api, "long", "longer").await, Ok("longer"));
    assert_eq!(api.attempts(), 2);
}

struct Point {
    x: i32,
    y: i32,
}

struct Wrapper<T>(T);

#[rate_limited(rate = 1000)]
async fn patterns(
    api: &Api,
    Point { x, y: height }: Point,
    (a, [b, ..]): (i32, [i32; 3]),
    Wrapper(text): Wrapper<String>,
    &c: &i32,
    _: u8,
) -> Result<String, Status> {
    api.answer(format!("{x} {height} {a} {b} {text} {c}")).await
}

#[tokio::test(start_paused = true)]
async fn patterns_as_arguments() {
    let api = Api::throttling(1);
    let point = Point { x: 1, y: 2 };
    let answer = patterns(
        &api,
        point,
        (3, [4, 0, 0]),
        Wrapper("five".to_owned()),
        &6,
        7,
    )
    .await;
    assert_eq!(answer, Ok("1 2 3 4 five 6".to_owned()));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn impl_arguments(
    api: &Api,
    names: impl Fn() -> Vec<String> + Clone,
) -> Result<impl Iterator<Item = String>, Status> {
    api.answer(names().into_iter().rev()).await
}

#[tokio::test(start_paused = true)]
async fn impl_trait_as_argument_and_result() {
    let api = Api::throttling(1);
    let names = impl_arguments(&api, || vec!["a".to_owned(), "b".to_owned()]).await;
    assert_eq!(names.map(Iterator::collect::<String>), Ok("ba".to_owned()));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn impl_error(api: &Api) -> Result<u8, impl std::error::Error + 'static> {
    api.answer(1).await
}

#[tokio::test(start_paused = true)]
async fn impl_trait_as_error() {
    let api = Api::throttling(0);
    assert_eq!(impl_error(&api).await.ok(), Some(1));
    assert_eq!(api.attempts(), 1);
}

#[rate_limited(rate = 1000)]
async fn counting(api: &Api, mut tries: u32, log: &mut Vec<u32>) -> Result<u32, Status> {
    tries += 1;
    log.push(tries);
    api.answer(tries).await
}

#[tokio::test(start_paused = true)]
async fn mutable_arguments_keep_their_value() {
    let api = Api::throttling(2);
    let mut log = Vec::new();
    assert_eq!(counting(&api, 0, &mut log).await, Ok(3));
    assert_eq!(log, [1, 2, 3]);
}

#[rate_limited(rate = 1000)]
async fn r#match(api: &Api, r#type: &str, r#loop: String) -> Result<String, Status> {
    api.answer([r#type, &r#loop].concat()).await
}

#[tokio::test(start_paused = true)]
async fn raw_identifiers() {
    let api = Api::throttling(1);
    assert_eq!(
        r#match(&api, "a", "b".to_owned()).await,
        Ok("ab".to_owned())
    );
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn countdown(api: &Api, n: u32) -> Result<u32, Status> {
    if n == 0 {
        return api.answer(0).await;
    }
    let below = Box::pin(countdown(api, n - 1)).await?;
    Ok(below + 1)
}

#[tokio::test(start_paused = true)]
async fn recursion_through_a_box() {
    let api = Api::throttling(1);
    assert_eq!(countdown(&api, 3).await, Ok(3));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000, max_retries = 0)]
async fn consuming(api: &Api, text: String) -> Result<Vec<u8>, Status> {
    api.answer(text.into_bytes()).await
}

#[tokio::test(start_paused = true)]
async fn owned_argument_consumed_without_retries() {
    let api = Api::throttling(1);
    assert_eq!(consuming(&api, "a".to_owned()).await, Err(Status(429)));
    assert_eq!(consuming(&api, "a".to_owned()).await, Ok(vec![b'a']));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
fn future(api: &Api) -> impl Future<Output = Result<u8, Status>> + Send {
    async { api.answer(1).await }
}

#[tokio::test(start_paused = true)]
async fn function_that_returns_a_future() {
    let api = Api::throttling(1);
    let waiting = future(&api);
    assert_eq!(api.attempts(), 0);
    assert_eq!(waiting.await, Ok(1));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
fn future_of_owned(api: &Api, text: String) -> impl Future<Output = Result<usize, Status>> + Send {
    async move { api.answer(text.len()).await }
}

#[tokio::test(start_paused = true)]
async fn future_that_reads_an_owned_argument() {
    let api = Api::throttling(1);
    assert_eq!(future_of_owned(&api, "abc".to_owned()).await, Ok(3));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
fn prepared(api: &Api, n: u8) -> impl Future<Output = Result<u8, Status>> + Send {
    let twice = n * 2;
    async move { api.answer(twice).await }
}

#[tokio::test(start_paused = true)]
async fn future_after_a_preparation() {
    let api = Api::throttling(1);
    assert_eq!(prepared(&api, 4).await, Ok(8));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
fn boxed(api: &Api, early: bool) -> Pin<Box<dyn Future<Output = Result<u8, Status>> + Send + '_>> {
    if early {
        return Box::pin(api.answer(1));
    }
    Box::pin(async move { api.answer(2).await })
}

#[tokio::test(start_paused = true)]
async fn function_that_returns_a_boxed_future() {
    for (early, answer) in [(true, 1), (false, 2)] {
        let api = Api::throttling(1);
        assert_eq!(boxed(&api, early).await, Ok(answer));
        assert_eq!(api.attempts(), 2);
    }
}

#[rate_limited(rate = 1000, max_retries = 0)]
fn boxed_once(
    api: &Api,
    text: String,
) -> Pin<Box<dyn Future<Output = Result<String, Status>> + Send + '_>> {
    Box::pin(async move { api.answer(text).await })
}

#[tokio::test(start_paused = true)]
async fn boxed_future_that_consumes_without_retries() {
    let api = Api::throttling(0);
    assert_eq!(boxed_once(&api, "a".to_owned()).await, Ok("a".to_owned()));
    assert_eq!(api.attempts(), 1);
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[rate_limited(rate = 1000)]
fn aliased(api: &Api) -> BoxFuture<'_, Result<u8, Status>> {
    Box::pin(api.answer(1))
}

#[tokio::test(start_paused = true)]
async fn boxed_future_by_its_alias() {
    let api = Api::throttling(1);
    assert_eq!(aliased(&api).await, Ok(1));
    assert_eq!(api.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn nested_function() {
    #[rate_limited(rate = 1000)]
    async fn inner(api: &Api) -> Result<u8, Status> {
        api.answer(1).await
    }
    let api = Api::throttling(1);
    assert_eq!(inner(&api).await, Ok(1));
    assert_eq!(api.attempts(), 2);
}
