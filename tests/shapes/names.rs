//! Names of the user that are the same as ours, and macros of the user that write the function.

use paced::rate_limited;

use crate::support::{Api, Status};

const SITE: u32 = 3;

/// Every name that an expansion declares, as the user's own.
#[rate_limited(rate = 1000, burst = SITE)]
async fn call(api: &Api, out: u32, probe: u32, r: u32) -> Result<u32, Status> {
    let call = || out + probe + r + SITE;
    api.answer(call()).await
}

#[tokio::test(start_paused = true)]
async fn arguments_locals_and_constants_named_like_ours() {
    let api = Api::throttling(1);
    assert_eq!(call(&api, 1, 2, 4).await, Ok(10));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn out(call: &Api) -> Result<u32, Status> {
    let (out, probe, r) = (1, 2, 3);
    call.answer(out + probe + r).await
}

#[tokio::test(start_paused = true)]
async fn function_named_like_a_local_of_ours() {
    let api = Api::throttling(1);
    assert_eq!(out(&api).await, Ok(6));
    assert_eq!(api.attempts(), 2);
}

/// A scope in which nothing means what it usually does.
mod shadowed {
    use super::{Api, Status, rate_limited};

    mod core {}
    mod std {}
    mod paced {}
    #[expect(dead_code, reason = "it is there to be in the way")]
    enum Option {
        Some,
        None,
    }
    #[expect(dead_code, reason = "it is there to be in the way")]
    struct Box;
    type Result<T> = ::core::result::Result<T, Status>;

    #[rate_limited(rate = 1000, max_retries = RETRIES)]
    pub(super) async fn shadowed(api: &Api) -> Result<u8> {
        api.answer(1).await
    }

    #[rate_limited(rate = 1000)]
    pub(super) fn shadowed_box(
        api: &Api,
    ) -> ::core::pin::Pin<::std::boxed::Box<dyn Future<Output = Result<u8>> + Send + '_>> {
        ::std::boxed::Box::pin(api.answer(1))
    }

    const RETRIES: u32 = 1;
}

#[tokio::test(start_paused = true)]
async fn shadowed_crates_and_prelude() {
    let api = Api::throttling(1);
    assert_eq!(shadowed::shadowed(&api).await, Ok(1));
    assert_eq!(shadowed::shadowed_box(&api).await, Ok(1));
    assert_eq!(api.attempts(), 3);
}

/// A blanket trait with the names that the runtime asks types by.
#[expect(dead_code, reason = "it is there to be in the way")]
trait Blanket: Sized {
    fn call(&self) {}
    fn attempt(&self) {}
    fn settle(&self) {}
    fn ok(&self) {}
    fn err(&self) {}
}

impl<T> Blanket for T {}

/// The same for the owner of the value.
#[expect(dead_code, reason = "it is there to be in the way")]
trait Consuming: Sized {
    fn call(self) {}
    fn attempt(self) {}
    fn settle(self) {}
    fn settle_once(self) {}
    fn ok(self) {}
    fn err(self) {}
    fn rate(self) {}
    fn burst(self) {}
}

impl<T> Consuming for T {}

#[rate_limited(rate = 1000)]
async fn beside_blanket_trait(api: &Api) -> Result<u8, Status> {
    api.answer(1).await
}

#[tokio::test(start_paused = true)]
async fn blanket_trait_in_scope() {
    let api = Api::throttling(1);
    assert_eq!(beside_blanket_trait(&api).await, Ok(1));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn shadowing_its_own_types(api: &Api) -> Result<u8, Status> {
    mod hidden {
        #[derive(Debug)]
        pub(super) struct Status;
    }
    use hidden::Status;
    api.answer(1)
        .await
        .inspect(|_| assert!(format!("{Status:?}") == "Status"))
}

#[tokio::test(start_paused = true)]
async fn return_type_shadowed_in_the_body() {
    let api = Api::throttling(1);
    assert_eq!(shadowing_its_own_types(&api).await, Ok(1));
    assert_eq!(api.attempts(), 2);
}

macro_rules! endpoint {
    ($(#[$attr:meta])* $vis:vis async fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty, rate = $rate:expr, retries = $retries:literal, $body:block) => {
        #[rate_limited(rate = $rate, max_retries = $retries)]
        $(#[$attr])*
        $vis async fn $name($($arg: $ty),*) -> $ret $body
    };
}

endpoint! {
    /// Written by a macro.
    pub(crate) async fn written(api: &Api, n: u8) -> Result<u8, Status>, rate = "1000/s", retries = 1, {
        api.answer(n).await
    }
}

#[tokio::test(start_paused = true)]
async fn function_written_by_a_macro() {
    let api = Api::throttling(2);
    assert_eq!(written(&api, 7).await, Err(Status(429)));
    assert_eq!(api.attempts(), 2);
}
