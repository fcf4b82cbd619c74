//! Names of blocks.

use std::io;

use paced::rate_limited;

use super::Api;
use super::available;

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

struct Own;

trait Reading {
    async fn read(&self) -> io::Result<()>;
}

#[rate_limited(rate = 5)]
impl Own {
    async fn shared(&self) -> io::Result<()> {
        Ok(())
    }

    #[rate_limited(rate = 1, burst = 3, deadline = "1ms")]
    async fn read_own(&self) -> Result<(), paced::Error> {
        Ok(())
    }
}

#[rate_limited(rate = 5)]
impl Reading for Own {
    #[rate_limited(rate = 1, burst = 7)]
    async fn read(&self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_with_an_attribute_of_its_own_has_the_name_of_its_type_too() {
    Own.shared().await.unwrap();
    for _ in 0..3 {
        Own.read_own().await.unwrap();
    }
    Reading::read(&Own).await.unwrap();
    assert_eq!(available(path!("Own::read_own")), 0);
    assert_eq!(available(path!("<Own as Reading>::read")), 6);
    assert_eq!(available(path!("Own")), 4);
    let error = Own.read_own().await.unwrap_err();
    assert_eq!(error.limiter(), Some(path!("Own::read_own")));
    assert!(error.to_string().contains("Own::read_own"), "{error}");
}

struct OfTenants;

#[rate_limited(rate = 1, burst = 3, key = tenant)]
impl OfTenants {
    async fn read(&self, tenant: u64) -> io::Result<u64> {
        Ok(tenant)
    }

    #[rate_limited(inherit, cost = 2, settle(requests = |_: &u64| 1_u32))]
    async fn write(&self, tenant: u64) -> io::Result<u64> {
        Ok(tenant)
    }
}

#[tokio::test(start_paused = true)]
async fn functions_of_a_block_share_its_keys() {
    let start = tokio::time::Instant::now();
    OfTenants.read(1).await.unwrap();
    OfTenants.write(2).await.unwrap();
    // One token of the first tenant is left, and two of the second: what the other call did not take was given back.
    OfTenants.write(1).await.unwrap();
    OfTenants.write(2).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 0);
    OfTenants.write(1).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 1);
    let path = path!("OfTenants");
    let config =
        paced::Config::new().limiter(path, paced::LimiterConfig::new().mode(paced::Mode::Off));
    config.apply().unwrap();
    assert_eq!(config.unused(), [""; 0]);
    for _ in 0..10 {
        OfTenants.read(1).await.unwrap();
    }
    assert_eq!(start.elapsed().as_secs(), 1);
    paced::Config::new().apply().unwrap();
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
