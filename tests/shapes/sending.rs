//! The future is `Send` exactly when the plain function's is.

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;

use paced::rate_limited;

use crate::support::{Api, Status};

struct Is<T>(PhantomData<T>);

impl<T> Is<T> {
    fn of(_: &T) -> Self {
        Self(PhantomData)
    }
}

/// Found first, where its bound holds.
impl<T: Send> Is<T> {
    #[expect(clippy::unused_self, reason = "methods are found by their receiver")]
    fn send(&self) -> bool {
        true
    }
}

/// Found otherwise, through one more reference.
trait Otherwise {
    fn send(&self) -> bool {
        false
    }
}

impl<T> Otherwise for &Is<T> {}

macro_rules! is_send {
    ($future:expr) => {
        (&Is::of(&$future)).send()
    };
}

/// The same functions twice: plain, and under the attribute.
macro_rules! both {
    ($($item:item)*) => {
        mod plain {
            use super::*;
            $($item)*
        }
        mod annotated {
            use super::*;
            $(#[rate_limited(rate = 1000)] $item)*
        }
    };
}

#[derive(Default)]
struct Unsync(Cell<u32>);

both! {
    pub(super) async fn nothing(api: &Api) -> Result<u8, Status> { api.answer(1).await }
    pub(super) async fn held(api: &Api) -> Result<u8, Status> {
        let held = Rc::new(1);
        api.answer(()).await?;
        Ok(*held)
    }
    pub(super) async fn dropped(api: &Api) -> Result<u8, Status> {
        let n = *Rc::new(1);
        api.answer(n).await
    }
    pub(super) async fn owned(api: &Api, cell: Cell<u8>) -> Result<u8, Status> {
        cell.set(1);
        api.answer(()).await?;
        Ok(cell.get())
    }
    pub(super) async fn borrowed(api: &Api, cell: &Cell<u8>) -> Result<u8, Status> {
        cell.set(1);
        api.answer(()).await?;
        Ok(cell.get())
    }
    pub(super) async fn exclusive(api: &Api, cell: &mut Cell<u8>) -> Result<u8, Status> {
        cell.set(1);
        api.answer(()).await?;
        Ok(cell.get())
    }
    pub(super) async fn pattern(api: &Api, (n, cell): (u8, Cell<u8>)) -> Result<u8, Status> {
        cell.set(n);
        api.answer(()).await?;
        Ok(cell.get())
    }
    pub(super) async fn generic<T: Fn() -> u8>(api: &Api, value: T) -> Result<u8, Status> {
        api.answer(()).await?;
        Ok(value())
    }
    pub(super) async fn reading(api: &Api, value: impl Fn() -> u8) -> Result<u8, Status> {
        let n = value();
        api.answer(n + value()).await
    }
    pub(super) async fn value_not_send(api: &Api) -> Result<Rc<u8>, Status> {
        api.answer(()).await?;
        Ok(Rc::new(1))
    }
    pub(super) async fn error_not_send(api: &Api) -> Result<u8, Rc<u8>> {
        api.answer(1).await.map_err(|_| Rc::new(1))
    }
}

fn not_sync() -> impl Fn() -> u8 {
    let cell = Cell::new(1);
    move || cell.get()
}

fn not_send() -> impl Fn() -> u8 {
    let shared = Rc::new(1);
    move || *shared
}

impl Unsync {
    async fn plain_shared(&self, api: &Api) -> Result<u32, Status> {
        api.answer(self.0.get()).await
    }

    #[rate_limited(rate = 1000)]
    async fn paced_shared(&self, api: &Api) -> Result<u32, Status> {
        api.answer(self.0.get()).await
    }

    async fn plain_exclusive(&mut self, api: &Api) -> Result<u32, Status> {
        api.answer(()).await?;
        Ok(self.0.get())
    }

    #[rate_limited(rate = 1000)]
    async fn paced_exclusive(&mut self, api: &Api) -> Result<u32, Status> {
        api.answer(()).await?;
        Ok(self.0.get())
    }

    async fn plain_owned(self, api: &Api) -> Result<u32, Status> {
        api.answer(()).await?;
        Ok(self.0.get())
    }

    #[rate_limited(rate = 1000)]
    async fn paced_owned(self, api: &Api) -> Result<u32, Status> {
        api.answer(()).await?;
        Ok(self.0.get())
    }
}

/// `call` with the plain and with the paced function are as `Send` as `expected`.
macro_rules! assert_send {
    ($expected:literal: $name:ident($($arg:expr),*)) => {{
        assert_eq!(is_send!(plain::$name($($arg),*)), $expected, "plain {}", stringify!($name));
        assert_eq!(is_send!(annotated::$name($($arg),*)), $expected, "annotated {}", stringify!($name));
    }};
}

#[test]
fn functions_are_send_like_the_plain_ones() {
    let api = Api::throttling(0);
    let cell = Cell::new(1);
    assert_send!(true: nothing(&api));
    assert_send!(false: held(&api));
    assert_send!(true: dropped(&api));
    assert_send!(true: owned(&api, Cell::new(1)));
    assert_send!(false: borrowed(&api, &cell));
    assert_send!(true: exclusive(&api, &mut Cell::new(1)));
    assert_send!(true: pattern(&api, (1, Cell::new(1))));
    assert_send!(true: generic(&api, not_sync()));
    assert_send!(true: reading(&api, not_sync()));
    assert_send!(false: generic(&api, not_send()));
    assert_send!(true: value_not_send(&api));
    assert_send!(true: error_not_send(&api));
}

#[rate_limited(rate = 1000, max_retries = 0)]
async fn once(api: &Api, cell: Cell<u8>) -> Result<u8, Status> {
    cell.set(1);
    api.answer(()).await?;
    Ok(cell.get())
}

#[test]
fn functions_without_retries_are_send_like_the_plain_ones() {
    let api = Api::throttling(0);
    assert!(is_send!(plain::owned(&api, Cell::new(1))));
    assert!(is_send!(once(&api, Cell::new(1))));
}

#[test]
fn methods_are_send_like_the_plain_ones() {
    let api = Api::throttling(0);
    let (mut one, mut other) = (Unsync::default(), Unsync::default());
    assert!(!is_send!(one.plain_shared(&api)));
    assert!(!is_send!(other.paced_shared(&api)));
    assert!(is_send!(one.plain_exclusive(&api)));
    assert!(is_send!(other.paced_exclusive(&api)));
    assert!(is_send!(one.plain_owned(&api)));
    assert!(is_send!(other.paced_owned(&api)));
}

#[tokio::test(start_paused = true)]
async fn spawned() {
    let task = tokio::spawn(async {
        let api = Api::throttling(1);
        (annotated::owned(&api, Cell::new(0)).await, api.attempts())
    });
    assert_eq!(task.await.expect("no panic"), (Ok(1), 2));
}
