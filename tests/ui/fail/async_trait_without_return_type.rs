use paced::rate_limited;

use async_trait::async_trait;

#[async_trait]
pub trait Fetch {
    async fn fetch(&self);
}

#[async_trait]
impl Fetch for u8 {
    #[rate_limited(rate = 5)]
    async fn fetch(&self) {}
}

fn main() {}
