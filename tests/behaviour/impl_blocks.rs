//! The attribute on `impl` blocks.

use std::io;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use paced::Error;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::ms;
use crate::support::quota;
use crate::support::secs;
use crate::support::since;

macro_rules! path {
    ($name:literal) => {
        concat!(module_path!(), "::", $name)
    };
}

/// Returns the free tokens of the limiter with this name.
fn available(path: &str) -> u64 {
    let limiter = paced::limiter(path);
    assert!(limiter.is_declared(), "{path}");
    limiter.snapshot().available
}

#[derive(Default)]
struct Api {
    calls: AtomicU32,
}

#[rate_limited(rate = 1, burst = 3, max_retries = 1)]
impl Api {
    const ANSWER: u32 = Self::answer();

    const fn answer() -> u32 {
        7
    }

    async fn user(&self) -> io::Result<u32> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(Self::ANSWER)
    }

    /// Answers from a connection that is refused.
    pub(crate) async fn refused(&self) -> io::Result<()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    #[rate_limited(inherit, max_retries = 0)]
    async fn refused_once(&self) -> io::Result<()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    #[rate_limited(inherit, cost = 2, max_wait = "1ms")]
    async fn list(&self) -> io::Result<Vec<u32>> {
        Ok(vec![Self::ANSWER])
    }

    #[rate_limited(rate = 1, burst = 1)]
    async fn search(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(skip)]
    async fn local(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    async fn connect() -> io::Result<Self> {
        Ok(Self::default())
    }
}

#[tokio::test(start_paused = true)]
async fn functions_of_a_block_share_one_limiter() {
    let start = Instant::now();
    let api = Api::connect().await.unwrap();
    assert_eq!(available(path!("Api")), 2);
    assert_eq!(api.user().await.unwrap(), 7);
    assert_eq!(api.user().await.unwrap(), 7);
    assert_eq!(since(start), ms(0));
    // An own attribute replaces that of the block, and `skip` is none at all.
    api.search().await.unwrap();
    assert_eq!(available(path!("search")), 0);
    assert_eq!((api.local().await, since(start)), (2, ms(0)));
    api.user().await.unwrap();
    assert_eq!(since(start), secs(1));
    // `inherit` adds options.
    let error = api.list().await.unwrap_err();
    let error = Error::find(&error).unwrap();
    assert_eq!(error.retry_after(), Some(secs(2)));
    let text = error.to_string();
    assert!(text.contains(path!("Api::list")), "{text}");
    assert_eq!(error.limiter(), Some(path!("Api")));
    tokio::time::sleep(secs(9)).await;
    assert_eq!(api.list().await.unwrap(), [7]);
    assert_eq!(available(path!("Api")), 1);
    // Each function has options of the call for itself.
    let calls = || api.calls.load(Ordering::Relaxed);
    let before = calls();
    api.refused_once().await.unwrap_err();
    assert_eq!(calls(), before + 1);
    api.refused().await.unwrap_err();
    assert_eq!(calls(), before + 3);
}

struct Priced;

#[rate_limited(rate = "10/min")]
impl Priced {
    async fn one(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(inherit, cost = 10)]
    async fn ten(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_burst_holds_what_any_function_of_the_block_takes() {
    Priced.one().await.unwrap();
    assert_eq!(available(path!("Priced")), 9);
    let start = Instant::now();
    Priced.ten().await.unwrap();
    assert_eq!(since(start), secs(6));
}

struct Units;

#[rate_limited(limits(requests = 10, tokens = 100))]
impl Units {
    async fn free(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(inherit, cost(tokens = 40), settle(tokens = |used| *used))]
    async fn paid(&self) -> io::Result<u32> {
        Ok(30)
    }
}

#[tokio::test(start_paused = true)]
async fn functions_of_a_block_take_different_units() {
    Units.free().await.unwrap();
    Units.paid().await.unwrap();
    let tokens = paced::limiter(path!("Units")).snapshot();
    assert_eq!(tokens.row("requests").unwrap().available, 8);
    assert_eq!(tokens.row("tokens").unwrap().available, 70);
}

static RATE: AtomicU32 = AtomicU32::new(5);

struct Late;

#[rate_limited(rate = RATE.load(Ordering::Relaxed), burst = 1)]
impl Late {
    async fn one(&self) -> io::Result<()> {
        Ok(())
    }

    async fn other(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_call_of_a_block_decides_about_its_rate() {
    Late.other().await.unwrap();
    RATE.store(50, Ordering::Relaxed);
    let start = Instant::now();
    Late.one().await.unwrap();
    assert_eq!(since(start), ms(200));
    let limiter = paced::limiter(path!("Late"));
    assert_eq!(limiter.snapshot().rate.to_string(), "5/s");
}

struct Twice;

#[rate_limited(rate = 5)]
impl Twice {
    async fn first(&self) -> io::Result<()> {
        Ok(())
    }
}

#[rate_limited(rate = 7)]
impl Twice {
    async fn second(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn two_blocks_of_a_type_have_two_limiters() {
    Twice.second().await.unwrap();
    Twice.first().await.unwrap();
    assert_eq!(available(path!("Twice")), 6);
    assert_eq!(available(path!("Twice#2")), 4);
}

struct Named;

#[rate_limited(limiter = "impl-blocks-named", rate = 5)]
impl Named {
    async fn first(&self) -> io::Result<()> {
        Ok(())
    }
}

#[rate_limited(limiter = "impl-blocks-named")]
impl Named {
    async fn second(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn blocks_share_a_limiter_by_its_name() {
    Named.first().await.unwrap();
    Named.second().await.unwrap();
    assert_eq!(available("impl-blocks-named"), 3);
    assert!(!paced::limiter(path!("Named")).is_declared());
}

struct Generic<T>(T);

#[rate_limited(rate = 5)]
impl<T: Clone> Generic<T>
where
    T: Into<u32>,
{
    async fn get(&self) -> io::Result<u32> {
        Ok(self.0.clone().into())
    }
}

#[rate_limited(rate = 7)]
impl Generic<&'static str> {
    async fn text(&self) -> io::Result<&'static str> {
        Ok(self.0)
    }
}

#[rate_limited(rate = 9)]
impl Generic<String> {
    async fn text(&self) -> io::Result<&str> {
        Ok(&self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn instances_of_a_generic_block_share_a_limiter_and_blocks_of_instances_have_their_own() {
    assert_eq!(Generic(1_u8).get().await.unwrap(), 1);
    assert_eq!(Generic(2_u16).get().await.unwrap(), 2);
    assert_eq!(Generic("a").text().await.unwrap(), "a");
    assert_eq!(Generic("b".to_owned()).text().await.unwrap(), "b");
    assert_eq!(available(path!("Generic")), 3);
    assert_eq!(available(path!("Generic<&str>")), 6);
    assert_eq!(available(path!("Generic<String>")), 8);
}

trait Remote {
    type Item;
    const KIND: u32;

    async fn fetch(&self) -> io::Result<Self::Item>;
    fn plain(&self) -> u32;
}

#[rate_limited(rate = 5)]
impl Remote for Api {
    type Item = u32;
    const KIND: u32 = { 3 };

    async fn fetch(&self) -> io::Result<Self::Item> {
        Ok(Self::KIND)
    }

    fn plain(&self) -> u32 {
        Self::KIND
    }
}

#[rate_limited(rate = 7)]
impl<T: Remote> Remote for &T {
    type Item = T::Item;
    const KIND: u32 = T::KIND;

    async fn fetch(&self) -> io::Result<T::Item> {
        (*self).fetch().await
    }

    fn plain(&self) -> u32 {
        (*self).plain()
    }
}

#[tokio::test(start_paused = true)]
async fn the_names_of_trait_impls_have_the_trait() {
    let api = &Api::default();
    assert_eq!(Remote::fetch(&api).await.unwrap(), 3);
    assert_eq!(Remote::plain(&api), 3);
    assert_eq!(available(path!("<Api as Remote>")), 4);
    assert_eq!(available(path!("<&T as Remote>")), 6);
}

#[async_trait]
trait Dynamic: Send + Sync {
    async fn above(&self) -> io::Result<u8>;
    async fn other(&self, text: String) -> io::Result<usize>;
    async fn skipped(&self) -> u8;
    fn plain(&self) -> u8;
}

struct Above;
struct Below;

#[rate_limited(rate = 5)]
#[async_trait]
impl Dynamic for Above {
    async fn above(&self) -> io::Result<u8> {
        Ok(1)
    }

    #[rate_limited(inherit, cost = 2)]
    async fn other(&self, text: String) -> io::Result<usize> {
        Ok(text.len())
    }

    #[rate_limited(skip)]
    async fn skipped(&self) -> u8 {
        3
    }

    fn plain(&self) -> u8 {
        4
    }
}

#[async_trait]
#[rate_limited(rate = 5)]
impl Dynamic for Below {
    async fn above(&self) -> io::Result<u8> {
        Ok(1)
    }

    #[rate_limited(inherit, cost = 2)]
    async fn other(&self, text: String) -> io::Result<usize> {
        Ok(text.len())
    }

    #[rate_limited(skip)]
    async fn skipped(&self) -> u8 {
        3
    }

    fn plain(&self) -> u8 {
        4
    }
}

#[tokio::test(start_paused = true)]
async fn blocks_above_and_below_async_trait() {
    let both: [(Box<dyn Dynamic>, _); 2] = [
        (Box::new(Above), path!("<Above as Dynamic>")),
        (Box::new(Below), path!("<Below as Dynamic>")),
    ];
    for (dynamic, path) in both {
        assert_eq!(dynamic.above().await.unwrap(), 1);
        assert_eq!(dynamic.other("ab".to_owned()).await.unwrap(), 2);
        assert_eq!((dynamic.skipped().await, dynamic.plain()), (3, 4));
        assert_eq!(available(path), 2, "{path}");
    }
}

struct Conditional;

#[rate_limited(rate = 5)]
impl Conditional {
    #[cfg_attr(all(), rate_limited(skip))]
    async fn skipped(&self) -> u32 {
        1
    }

    #[cfg_attr(any(), rate_limited(skip))]
    #[inline]
    async fn kept(&self) -> io::Result<()> {
        Ok(())
    }

    #[cfg_attr(all(), inline, must_use, paced::rate_limited(inherit, cost = 2))]
    async fn costing(&self) -> io::Result<()> {
        Ok(())
    }

    #[cfg(any())]
    async fn absent(&self) -> Nothing {
        nothing
    }

    #[cfg_attr(all(), rate_limited(skip))]
    fn plain(&self) -> u32 {
        2
    }
}

#[tokio::test(start_paused = true)]
async fn attributes_of_functions_may_be_conditional() {
    assert_eq!((Conditional.skipped().await, Conditional.plain()), (1, 2));
    Conditional.kept().await.unwrap();
    Conditional.costing().await.unwrap();
    assert_eq!(available(path!("Conditional")), 2);
}

mod renamed {
    use paced::rate_limited as limited;

    pub(super) struct Api;

    #[limited(rate = 5)]
    impl Api {
        #[limited(skip)]
        pub(super) async fn skipped(&self) -> u32 {
            1
        }

        pub(super) async fn kept(&self) -> std::io::Result<()> {
            Ok(())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_attribute_may_have_another_name() {
    assert_eq!(renamed::Api.skipped().await, 1);
    renamed::Api.kept().await.unwrap();
    assert_eq!(available(path!("renamed::Api")), 4);
}

macro_rules! apis {
    ($($(#[$attr:meta])* $ty:ty { $($item:item)* })*) => {$(
        #[rate_limited(rate = 5)]
        $(#[$attr])*
        impl $ty {
            $($item)*
        }
    )*};
}

macro_rules! methods {
    ($($vis:vis async fn $name:ident(&$this:ident) -> $ret:ty $body:block)*) => {
        #[rate_limited(rate = 5)]
        impl ByMacro {
            $($vis async fn $name(&$this) -> $ret $body)*
        }
    };
}

struct ByMacro;
struct Item;
struct OtherItem;

apis! {
    Item {
        async fn one(&self) -> io::Result<()> { Ok(()) }
        #[rate_limited(skip)]
        async fn skipped(&self) {}
        fn plain(&self) -> u8 { 1 }
    }
    OtherItem {
        async fn one(&self) -> io::Result<()> { Ok(()) }
    }
}

methods! {
    pub(crate) async fn one(&self) -> io::Result<()> { Ok(()) }
    async fn other(&self) -> io::Result<u8> { Ok(1) }
}

#[tokio::test(start_paused = true)]
async fn blocks_written_by_macros() {
    Item.one().await.unwrap();
    Item.skipped().await;
    assert_eq!(Item.plain(), 1);
    OtherItem.one().await.unwrap();
    ByMacro.one().await.unwrap();
    ByMacro.other().await.unwrap();
    assert_eq!(available(path!("Item")), 4);
    assert_eq!(available(path!("OtherItem")), 4);
    assert_eq!(available(path!("ByMacro")), 3);
}

async fn one_local() -> io::Result<()> {
    struct Local;

    #[rate_limited(rate = 5)]
    impl Local {
        async fn call(&self) -> io::Result<()> {
            Ok(())
        }
    }
    Local.call().await
}

async fn other_local() -> io::Result<()> {
    struct Local;

    #[rate_limited(rate = 9)]
    impl Local {
        async fn call(&self) -> io::Result<()> {
            Ok(())
        }
    }
    Local.call().await
}

#[tokio::test(start_paused = true)]
async fn types_of_one_name_in_functions_have_their_own_limiters() {
    one_local().await.unwrap();
    other_local().await.unwrap();
    assert_eq!(available(path!("Local")), 4);
    assert_eq!(available(path!("Local#2")), 8);
}

struct Held {
    limiter: Limiter,
}

#[rate_limited(limiter = self.limiter)]
impl Held {
    async fn one(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(inherit, idempotent)]
    async fn other(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(skip)]
    async fn connect() -> Self {
        Self {
            limiter: Limiter::new(quota(1.0, 5)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_limiter_of_self_is_that_of_the_block() {
    let held = Held::connect().await;
    held.one().await.unwrap();
    held.other().await.unwrap();
    assert_eq!(held.limiter.snapshot().available, 3);
}
