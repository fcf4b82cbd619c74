//! Free functions.

use std::fmt::Display;

use paced::rate_limited;

use crate::support::{Api, Status};

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn plain(api: &Api, id: u64) -> Result<u64, Status> {
    api.call().map(|()| id)
}

#[test]
fn free_function() {
    let api = Api::throttling(1);
    assert_eq!(plain(&api, 7), Ok(7));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn early(api: &Api, stop: bool) -> Result<&'static str, Status> {
    if stop {
        api.call()?;
        return Ok("early");
    }
    for _ in 0..2 {
        api.call()?;
    }
    Ok("late")
}

#[test]
fn early_return_and_question_mark() {
    for (stop, answer, attempts) in [(true, "early", 2), (false, "late", 3)] {
        let api = Api::throttling(1);
        assert_eq!(early(&api, stop), Ok(answer));
        assert_eq!(api.attempts(), attempts);
    }
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn generic<'a, T, D, const N: usize>(
    api: &'a Api,
    names: &'a [T; N],
    seen: D,
) -> Result<&'a T, Status>
where
    T: Display + PartialEq,
    D: Fn(&T) -> bool,
{
    let found = names.iter().find(|name| !seen(name));
    api.call().map(|()| found.unwrap_or(&names[N - 1]))
}

#[test]
fn generics_bounds_where_and_const_generics() {
    let api = Api::throttling(2);
    assert_eq!(generic(&api, &["a", "b"], |name| *name == "a"), Ok(&"b"));
    assert_eq!(api.attempts(), 3);
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn longest<'a, 'b: 'a>(api: &Api, first: &'a str, second: &'b str) -> Result<&'a str, Status> {
    let longest = if first.len() > second.len() {
        first
    } else {
        second
    };
    api.call().map(|()| longest)
}

#[test]
fn lifetimes() {
    let api = Api::throttling(1);
    assert_eq!(longest(&api, "long", "longer"), Ok("longer"));
    assert_eq!(api.attempts(), 2);
}

struct Point {
    x: i32,
    y: i32,
}

struct Wrapper<T>(T);

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn patterns(
    api: &Api,
    Point { x, y: height }: Point,
    (a, [b, ..]): (i32, [i32; 3]),
    Wrapper(text): Wrapper<String>,
    &c: &i32,
    _: u8,
) -> Result<String, Status> {
    api.call()?;
    Ok(format!("{x} {height} {a} {b} {text} {c}"))
}

#[test]
fn patterns_as_arguments() {
    let api = Api::throttling(1);
    let (point, text) = (Point { x: 1, y: 2 }, Wrapper("five".to_owned()));
    let answer = patterns(&api, point, (3, [4, 0, 0]), text, &6, 7);
    assert_eq!(answer, Ok("1 2 3 4 five 6".to_owned()));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn impl_arguments(
    api: &Api,
    names: impl Fn() -> Vec<String> + Clone,
) -> Result<impl Iterator<Item = String>, Status> {
    api.call().map(|()| names().into_iter().rev())
}

#[test]
fn impl_trait_as_argument_and_result() {
    let api = Api::throttling(1);
    let names = impl_arguments(&api, || vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(names.map(Iterator::collect::<String>), Ok("ba".to_owned()));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
fn impl_error(api: &Api) -> Result<u8, impl std::error::Error + 'static> {
    api.call().map(|()| 1)
}

#[test]
fn impl_trait_as_error() {
    let api = Api::throttling(0);
    assert_eq!(impl_error(&api).ok(), Some(1));
    assert_eq!(api.attempts(), 1);
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn counting(api: &Api, mut tries: u32, log: &mut Vec<u32>) -> Result<u32, Status> {
    tries += 1;
    log.push(tries);
    api.call().map(|()| tries)
}

#[test]
fn mutable_arguments_keep_their_value() {
    let api = Api::throttling(2);
    let mut log = Vec::new();
    assert_eq!(counting(&api, 0, &mut log), Ok(3));
    assert_eq!(log, [1, 2, 3]);
}

fn push(mut log: impl AsMut<Vec<u32>>, entry: u32) {
    log.as_mut().push(entry);
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn passing_on(api: &Api, log: &mut Vec<u32>) -> Result<(), Status> {
    push(log, 1);
    api.call()
}

#[test]
fn exclusive_argument_passed_on_in_each_attempt() {
    let api = Api::throttling(2);
    let mut log = Vec::new();
    assert_eq!(passing_on(&api, &mut log), Ok(()));
    assert_eq!(log, [1, 1, 1]);
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn r#match(api: &Api, r#type: &str, r#loop: String) -> Result<String, Status> {
    api.call().map(|()| [r#type, &r#loop].concat())
}

#[test]
fn raw_identifiers() {
    let api = Api::throttling(1);
    assert_eq!(r#match(&api, "a", "b".to_owned()), Ok("ab".to_owned()));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn countdown(api: &Api, n: u32) -> Result<u32, Status> {
    if n == 0 {
        return api.call().map(|()| 0);
    }
    Ok(countdown(api, n - 1)? + 1)
}

#[test]
fn recursion() {
    let api = Api::throttling(1);
    assert_eq!(countdown(&api, 3), Ok(3));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000, max_retries = 0, backoff(base = "1ms", max = "1ms"))]
fn consuming(api: &Api, text: String) -> Result<Vec<u8>, Status> {
    let bytes = text.into_bytes();
    api.call().map(|()| bytes)
}

#[test]
fn owned_argument_consumed_without_retries() {
    let api = Api::throttling(1);
    assert_eq!(consuming(&api, "a".to_owned()), Err(Status(429)));
    assert_eq!(consuming(&api, "a".to_owned()), Ok(vec![b'a']));
    assert_eq!(api.attempts(), 2);
}

#[test]
fn nested_function() {
    #[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
    fn inner(api: &Api) -> Result<u8, Status> {
        api.call().map(|()| 1)
    }
    let api = Api::throttling(1);
    assert_eq!(inner(&api), Ok(1));
    assert_eq!(api.attempts(), 2);
}

#[test]
fn function_pointer() {
    let api = Api::throttling(1);
    let function: fn(&Api, u64) -> Result<u64, Status> = plain;
    assert_eq!(function(&api, 7), Ok(7));
    assert_eq!(api.attempts(), 2);
}
