//! Blocks beside other attributes and in macros.

use std::io;

use async_trait::async_trait;
use paced::rate_limited;

use super::available;

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
