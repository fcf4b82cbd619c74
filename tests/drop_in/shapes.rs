//! Functions as they are, and under the attribute: what can be seen of a call must be the same.
//!
//! Built once for each edition. A shape is added in one line of [`rows`]: name, function, arguments.
#![allow(
    missing_docs,
    unused,
    clippy::all,
    clippy::pedantic,
    reason = "functions as users have them"
)]

mod record;

use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use paced::rate_limited;
use tracing::instrument;

use crate::record::{log, Guard, Loud, Watch};

/// One shape in one place, with and without the attribute.
#[derive(Debug)]
pub struct Row {
    pub shape: &'static str,
    pub place: &'static str,
    pub retries: u32,
    /// Without any attribute.
    pub bare: Vec<String>,
    /// With the other attributes of the place.
    pub plain: Vec<String>,
    pub annotated: Vec<String>,
}

impl Row {
    /// Whether the attribute changes nothing.
    ///
    /// `#[instrument]` itself changes when things are dropped: beside it, that may also be as without any attribute.
    /// Below it, arguments live for as long as there can be another attempt, which is longer than a span; if it is
    /// below `#[async_trait]`, too, they are dropped in an order of their own.
    pub fn is_same(&self) -> bool {
        let (spans, rest) = parts(&self.annotated);
        let (plain_spans, plain_rest) = parts(&self.plain);
        let (_, bare_rest) = parts(&self.bare);
        self.annotated == self.plain
            || (self.place.contains("#[instrument]")
                && spans == plain_spans
                && (rest == plain_rest || rest == bare_rest || self.is_below_both(rest, bare_rest)))
    }

    fn is_below_both(&self, mut rest: Vec<&String>, mut bare_rest: Vec<&String>) -> bool {
        rest.sort();
        bare_rest.sort();
        self.retries > 0 && self.place == "#[async_trait], below #[instrument]" && rest == bare_rest
    }
}

/// Splits a log into the lines of spans and all others.
fn parts(log: &[String]) -> (Vec<&String>, Vec<&String>) {
    log.iter().partition(|line| {
        matches!(
            line.as_str(),
            "new span" | "enter" | "exit" | "close" | "event"
        )
    })
}

type R = Result<usize, std::io::Error>;

pub struct Point {
    x: usize,
    y: usize,
}

pub struct Wrapper(String);

/// One shape in one place: a type with the function, under these attributes.
macro_rules! variant {
    ($variant:ident [$($attr:tt)*] $kind:tt fn $($function:tt)*) => {
        variant!(@function $variant [$($attr)*] $kind $($function)*);
    };
    (@function $variant:ident [$($attr:tt)*] [$($kw:ident)*] ($($args:tt)*) -> $ret:ty { $($body:tt)* }) => {
        pub mod $variant {
            use super::*;

            pub struct Me {
                pub loud: Loud,
                pub guard: Guard,
                pub list: Vec<usize>,
            }

            impl Me {
                pub fn new() -> Self {
                    Self { loud: Loud("me"), guard: Guard::new(), list: Vec::new() }
                }

                $($attr)*
                pub $($kw)* fn call($($args)*) -> $ret { $($body)* }
            }
        }
    };
    (@block $variant:ident [$($attr:tt)*] [$($kw:ident)*] fn ($($args:tt)*) -> $ret:ty { $($body:tt)* }) => {
        pub mod $variant {
            use super::*;

            pub struct Me {
                pub loud: Loud,
                pub guard: Guard,
                pub list: Vec<usize>,
            }

            $($attr)*
            impl Me {
                pub fn new() -> Self {
                    Self { loud: Loud("me"), guard: Guard::new(), list: Vec::new() }
                }

                pub $($kw)* fn call($($args)*) -> $ret { $($body)* }
            }
        }
    };
    (@trait $variant:ident [$($attr:tt)*] ($($args:tt)*) -> $ret:ty { $($body:tt)* }) => {
        pub mod $variant {
            use super::*;

            pub struct Me {
                pub loud: Loud,
                pub guard: Guard,
                pub list: Vec<usize>,
            }

            impl Me {
                pub fn new() -> Self {
                    Self { loud: Loud("me"), guard: Guard::new(), list: Vec::new() }
                }
            }

            #[async_trait(?Send)]
            pub trait Call: Sized {
                async fn call($($args)*) -> $ret {
                    unreachable!()
                }
            }

            #[async_trait(?Send)]
            impl Call for Me {
                $($attr)*
                async fn call($($args)*) -> $ret { $($body)* }
            }
        }
    };
}

/// All that can be seen of a call in one variant.
macro_rules! observed {
    ($shape:ident $variant:ident $with:tt) => {{
        #[allow(unused_imports)]
        use $shape::$variant::*;
        let watch = Watch::begin();
        // What the arguments borrow lives until the end of the `match`.
        match Me::call $with {
            future => watch.run(future),
        }
        watch.end()
    }};
}

macro_rules! row {
    ($rows:ident, $shape:ident, $place:literal, $bare:ident, $plain:ident, $annotated:ident, $retries:literal, $with:tt) => {
        $rows.push(Row {
            shape: stringify!($shape),
            place: $place,
            retries: $retries,
            bare: observed!($shape $bare $with),
            plain: observed!($shape $plain $with),
            annotated: observed!($shape $annotated $with),
        });
    };
}

/// The shapes, each in all places where it can stand.
macro_rules! shapes {
    ($($kind:ident $shape:ident: ($($args:tt)*) -> $ret:ty { $($body:tt)* } with $with:tt;)*) => {
        $(shapes!(@module $kind $shape ($($args)*) -> $ret { $($body)* });)*

        /// All shapes in all places.
        pub fn rows() -> Vec<Row> {
            let mut rows = Vec::new();
            $(shapes!(@rows $kind $shape rows $with);)*
            rows
        }
    };
    (@module async_fn $shape:ident ($($args:tt)*) -> $ret:ty { $($body:tt)* }) => {
        mod $shape {
            use super::*;
            shapes!(@variants [async] [#[rate_limited(rate = 1000, max_retries = 2)]] [#[rate_limited(rate = 1000, max_retries = 0)]] ($($args)*) -> $ret { $($body)* });
            shapes!(@traits [#[rate_limited(rate = 1000, max_retries = 2)]] [#[rate_limited(rate = 1000, max_retries = 0)]] ($($args)*) -> $ret { $($body)* });
        }
    };
    // Below `#[instrument]`, `#[async_trait]` moves its arguments into the first attempt: that is an error.
    (@module above_fn $($function:tt)*) => {
        shapes!(@module free_fn $($function)*);
    };
    (@rows above_fn $($row:tt)*) => {
        shapes!(@rows free_fn $($row)*);
    };
    // `#[async_trait]` has its own idea of it.
    (@module free_fn $shape:ident ($($args:tt)*) -> $ret:ty { $($body:tt)* }) => {
        mod $shape {
            use super::*;
            shapes!(@variants [async] [#[rate_limited(rate = 1000, max_retries = 2)]] [#[rate_limited(rate = 1000, max_retries = 0)]] ($($args)*) -> $ret { $($body)* });
        }
    };
    // The body takes its arguments: without retries only.
    (@module taking_fn $shape:ident ($($args:tt)*) -> $ret:ty { $($body:tt)* }) => {
        mod $shape {
            use super::*;
            shapes!(@variants [async] [#[rate_limited(rate = 1000, max_retries = 0)]] [#[rate_limited(rate = 1000, max_retries = 0)]] ($($args)*) -> $ret { $($body)* });
            shapes!(@traits [#[rate_limited(rate = 1000, max_retries = 0)]] [#[rate_limited(rate = 1000, max_retries = 0)]] ($($args)*) -> $ret { $($body)* });
        }
    };
    // The body makes a future.
    (@module plain_fn $shape:ident ($($args:tt)*) -> $ret:ty { $($body:tt)* }) => {
        mod $shape {
            use super::*;
            shapes!(@variants [] [#[rate_limited(rate = 1000, max_retries = 2)]] [#[rate_limited(rate = 1000, max_retries = 0)]] ($($args)*) -> $ret { $($body)* });
        }
    };
    // The same, and what the body does before it has a future is only the same without retries.
    (@module early_fn $shape:ident ($($args:tt)*) -> $ret:ty { $($body:tt)* }) => {
        mod $shape {
            use super::*;
            shapes!(@variants [] [#[rate_limited(rate = 1000, max_retries = 0)]] [#[rate_limited(rate = 1000, max_retries = 0)]] ($($args)*) -> $ret { $($body)* });
        }
    };
    // `#[instrument]` does not find the future.
    (@module bare_fn $($function:tt)*) => {
        shapes!(@module early_fn $($function)*);
    };
    (@rows bare_fn $shape:ident $rows:ident $with:tt) => {
        row!($rows, $shape, "alone", plain, plain, none, 0, $with);
    };
    (@variants $kw:tt [$($two:tt)*] [$($none:tt)*] $($function:tt)*) => {
        variant!(plain [] $kw fn $($function)*);
        variant!(two [$($two)*] $kw fn $($function)*);
        variant!(none [$($none)*] $kw fn $($function)*);
        variant!(@block two_in_block [$($two)*] $kw fn $($function)*);
        variant!(@block none_in_block [$($none)*] $kw fn $($function)*);
        variant!(span [#[instrument(name = "span", skip_all)]] $kw fn $($function)*);
        variant!(two_above [$($two)* #[instrument(name = "span", skip_all)]] $kw fn $($function)*);
        variant!(none_above [$($none)* #[instrument(name = "span", skip_all)]] $kw fn $($function)*);
        variant!(two_below [#[instrument(name = "span", skip_all)] $($two)*] $kw fn $($function)*);
        variant!(none_below [#[instrument(name = "span", skip_all)] $($none)*] $kw fn $($function)*);
    };
    (@traits [$($two:tt)*] [$($none:tt)*] $($function:tt)*) => {
        variant!(@trait in_trait [] $($function)*);
        variant!(@trait two_in_trait [$($two)*] $($function)*);
        variant!(@trait none_in_trait [$($none)*] $($function)*);
        variant!(@trait span_in_trait [#[instrument(name = "span", skip_all)]] $($function)*);
        variant!(@trait two_above_in_trait [$($two)* #[instrument(name = "span", skip_all)]] $($function)*);
        variant!(@trait two_below_in_trait [#[instrument(name = "span", skip_all)] $($two)*] $($function)*);
        variant!(@trait none_below_in_trait [#[instrument(name = "span", skip_all)] $($none)*] $($function)*);
    };
    (@rows async_fn $shape:ident $rows:ident $with:tt) => {
        shapes!(@rows plain_fn $shape $rows $with);
        row!($rows, $shape, "#[async_trait]", in_trait, in_trait, two_in_trait, 2, $with);
        row!($rows, $shape, "#[async_trait]", in_trait, in_trait, none_in_trait, 0, $with);
        row!($rows, $shape, "#[async_trait], above #[instrument]", in_trait, span_in_trait, two_above_in_trait, 2, $with);
        row!($rows, $shape, "#[async_trait], below #[instrument]", in_trait, span_in_trait, two_below_in_trait, 2, $with);
        row!($rows, $shape, "#[async_trait], below #[instrument]", in_trait, span_in_trait, none_below_in_trait, 0, $with);
    };
    (@rows free_fn $shape:ident $rows:ident $with:tt) => {
        shapes!(@rows plain_fn $shape $rows $with);
    };
    (@rows taking_fn $shape:ident $rows:ident $with:tt) => {
        shapes!(@rows early_fn $shape $rows $with);
        row!($rows, $shape, "#[async_trait]", in_trait, in_trait, none_in_trait, 0, $with);
        row!($rows, $shape, "#[async_trait], below #[instrument]", in_trait, span_in_trait, none_below_in_trait, 0, $with);
    };
    (@rows plain_fn $shape:ident $rows:ident $with:tt) => {
        shapes!(@rows early_fn $shape $rows $with);
        row!($rows, $shape, "alone", plain, plain, two, 2, $with);
        row!($rows, $shape, "in a block", plain, plain, two_in_block, 2, $with);
        row!($rows, $shape, "above #[instrument]", plain, span, two_above, 2, $with);
        row!($rows, $shape, "below #[instrument]", plain, span, two_below, 2, $with);
    };
    (@rows early_fn $shape:ident $rows:ident $with:tt) => {
        row!($rows, $shape, "alone", plain, plain, none, 0, $with);
        row!($rows, $shape, "in a block", plain, plain, none_in_block, 0, $with);
        row!($rows, $shape, "above #[instrument]", plain, span, none_above, 0, $with);
        row!($rows, $shape, "below #[instrument]", plain, span, none_below, 0, $with);
    };
}

shapes! {
    async_fn nothing: () -> R { Ok(0) } with ();
    async_fn guard_disarmed: (mut guard: Guard) -> R { log("body"); guard.armed = false; Ok(1) } with (Guard::new());
    async_fn guard_read: (guard: Guard) -> R { log("body"); Ok(usize::from(guard.armed)) } with (Guard::new());
    async_fn own_guard_disarmed: (mut self) -> R { self.guard.armed = false; Ok(self.list.len()) } with (Me::new());
    async_fn own_field_read: (self) -> R { Ok(self.loud.name().len()) } with (Me::new());
    async_fn shared_self: (&self) -> R { Ok(self.loud.name().len()) } with (&Me::new());
    async_fn exclusive_self: (&mut self, n: usize) -> R { self.list.push(n); Ok(self.list.len()) } with (&mut Me::new(), 3);
    free_fn local_named_as_ours: (&mut self) -> R { let __self = 3; self.list.push(1); Ok(__self) } with (&mut Me::new());
    above_fn arguments_dropped: (a: Loud, b: Loud, _: Loud, (c, _c): (Loud, Loud), e: Loud) -> R { log("body"); let _ = (&a, &b, &c, &e); Ok(1) } with (Loud("a"), Loud("b"), Loud("_"), (Loud("c"), Loud("c_")), Loud("e"));
    async_fn some_arguments_used: (a: Loud, _b: Loud, c: Loud, _d: Loud) -> R { log(c.name()); log(a.name()); Ok(1) } with (Loud("a"), Loud("b"), Loud("c"), Loud("d"));
    async_fn mutable_arguments: (mut a: Loud, b: Loud, mut n: usize, s: String) -> R { a.0 = "changed"; n += s.len(); log(b.name()); Ok(n) } with (Loud("a"), Loud("b"), 1, "text".to_owned());
    async_fn locals_and_arguments: (a: Loud) -> R { let local = Loud("local"); log(local.name()); Ok(a.name().len()) } with (Loud("a"));
    async_fn temporary_in_the_tail: (a: Loud) -> R { let n = Loud("n"); let _ = (&n, &a); Ok(Loud("temporary").name().len()) } with (Loud("a"));
    async_fn temporary_in_a_condition: () -> R { if let Some(n) = Some(Loud("condition")).as_ref() { log(n.name()); Ok(1) } else { log("else"); Ok(2) } } with ();
    async_fn temporary_in_an_else: () -> R { if let Some(n) = Some(Loud("condition")).as_ref().filter(|_| false) { log(n.name()); Ok(1) } else { log("else"); Ok(2) } } with ();
    async_fn waiting: (a: Loud) -> R { log("before"); tokio::time::sleep(std::time::Duration::from_secs(1)).await; log(a.name()); Ok(1) } with (Loud("a"));
    async_fn early_return: (a: Loud, n: usize) -> R { if n > 1 { log(a.name()); return Ok(n); } Ok(0) } with (Loud("a"), 2);
    async_fn question_mark: (a: Loud, text: &str) -> R { let n: usize = text.parse().map_err(|_| std::io::Error::other("no number"))?; log(a.name()); Ok(n) } with (Loud("a"), "x");
    async_fn out_argument: (out: &mut Vec<usize>, n: usize) -> R { out.push(n); Ok(out.len()) } with (&mut vec![1], 2);
    async_fn out_argument_passed_on: (out: &mut Vec<usize>) -> R { let passed = out; passed.push(1); async move { passed.push(2); Ok(passed.len()) }.await } with (&mut vec![1]);
    async_fn text: (name: String) -> R { Ok(name.len()) } with ("name".to_owned());
    async_fn events: (a: Loud) -> R { tracing::info!("event"); Ok(a.name().len()) } with (Loud("a"));
    async_fn shared: (list: std::sync::Arc<Vec<usize>>) -> R { Ok(list.len()) } with (std::sync::Arc::new(vec![1]));
    async_fn item_with_self: (a: Loud) -> R { struct S(usize); impl S { fn get(self) -> usize { self.0 } } log(a.name()); Ok(S(1).get()) } with (Loud("a"));
    async_fn macro_in_the_body: (a: Loud) -> R { log(format!("{} {a:?}", a.name())); Ok(1) } with (Loud("a"));
    above_fn patterns: (Point { x, y: height }: Point, (a, [b, ..]): (usize, [usize; 3]), Wrapper(text): Wrapper, &c: &usize, _: u8) -> R { log(&text); Ok(x + height + a + b + c) } with (Point { x: 1, y: 2 }, (3, [4, 0, 0]), Wrapper("five".to_owned()), &6, 7);
    async_fn closure_argument: (names: impl Fn() -> usize + Clone) -> R { log("body"); Ok(names()) } with (|| 3);
    async_fn raw_names: (r#type: &str, r#loop: String) -> R { log([r#type, &r#loop].concat()); Ok(r#loop.len()) } with ("a", "b".to_owned());
    async_fn result_borrowed_from_self: (&self, _other: usize) -> Result<&str, std::io::Error> { Ok(self.loud.name()) } with (&Me::new(), 1);
    above_fn result_borrowed_from_exclusive_self: (&mut self) -> Result<&str, std::io::Error> { self.list.push(1); Ok(self.loud.name()) } with (&mut Me::new());
    async_fn self_behind_an_arc: (self: std::sync::Arc<Self>, plus: usize) -> R { log(self.loud.name()); Ok(self.list.len() + plus) } with (std::sync::Arc::new(Me::new()), 1);
    async_fn self_in_a_box: (self: Box<Self>) -> R { log(self.loud.name()); Ok(1) } with (Box::new(Me::new()));
    async_fn pinned_self: (self: Pin<&mut Self>) -> R { log(self.loud.name()); Ok(1) } with (Pin::new(&mut Me::new()));
    async_fn result_of_an_alias: (n: usize) -> std::io::Result<Vec<usize>> { Ok(vec![n]) } with (3);
    async_fn nested_function: (n: usize) -> R { async fn inner(n: usize) -> R { log("inner"); Ok(n) } inner(n).await } with (2);
    async_fn loop_with_a_label: (n: usize) -> R { let mut m = 0; 'outer: loop { loop { m += 1; if m > n { break 'outer; } } } log("body"); Ok(m) } with (2);
    free_fn recursion: (n: usize) -> R { if n == 0 { log("end"); return Ok(0); } let below: usize = { let next: Pin<Box<dyn Future<Output = R>>> = Box::pin(Self::call(n - 1)); next.await? }; Ok(below + 1) } with (3);

    taking_fn own_parts: (self) -> Result<Vec<usize>, std::io::Error> { log(self.loud.name()); Ok(self.list) } with (Me::new());
    taking_fn consumed: (a: Loud, b: Loud) -> R { drop(b); log("body"); drop(a); Ok(1) } with (Loud("a"), Loud("b"));
    taking_fn consumed_in_part: (pair: (Loud, Loud), n: usize) -> R { drop(pair.1); log("body"); Ok(n) } with ((Loud("a"), Loud("b")), 2);
    taking_fn consumed_by_closure: (a: Loud) -> R { let f = move || a.name().len(); log("body"); Ok(f()) } with (Loud("a"));
    taking_fn consumed_by_future: (a: Loud, out: &mut Vec<usize>) -> R { async move { out.push(1); Ok(a.name().len()) }.await } with (Loud("a"), &mut vec![1]);

    plain_fn future: (n: usize) -> impl Future<Output = R> { async move { log("body"); Ok(n) } } with (1);
    plain_fn future_with_argument: (a: Loud) -> impl Future<Output = R> { async move { log("body"); Ok(a.name().len()) } } with (Loud("a"));
    plain_fn future_with_events: () -> impl Future<Output = R> { async { tracing::info!("event"); Ok(1) } } with ();
    plain_fn boxed_future: (a: Loud) -> Pin<Box<dyn Future<Output = R>>> { Box::pin(async move { log("body"); Ok(a.name().len()) }) } with (Loud("a"));
    plain_fn boxed_future_with_temporary: () -> Pin<Box<dyn Future<Output = R>>> { Box::pin(async move { let n = Loud("n"); let _ = &n; Ok(Loud("temporary").name().len()) }) } with ();

    early_fn statement_before_the_future: (n: usize) -> impl Future<Output = R> { log("statement"); async move { log("body"); Ok(n) } } with (1);
    early_fn statement_before_the_boxed_future: (a: Loud) -> Pin<Box<dyn Future<Output = R>>> { log(a.name()); Box::pin(async move { log("body"); Ok(a.name().len()) }) } with (Loud("a"));
    early_fn future_that_borrows_nothing: (&self) -> Pin<Box<dyn Future<Output = R> + Send>> { let n = self.list.len(); log("statement"); Box::pin(async move { Ok(n) }) } with (&Me::new());
    bare_fn returned_early: (n: usize) -> Pin<Box<dyn Future<Output = R>>> { if n > 0 { return Box::pin(std::future::ready(Ok(n))); } Box::pin(async { Ok(0) }) } with (1);
}
