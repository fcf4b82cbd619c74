use std::rc::Rc;

use async_trait::async_trait;
use paced::rate_limited;

#[async_trait]
trait Api {
    async fn fetch(&self) -> std::io::Result<()>;
}

#[async_trait]
impl Api for u8 {
    #[rate_limited(rate = 5)]
    async fn fetch(&self) -> std::io::Result<()> {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        drop(shared);
        Ok(())
    }
}

fn main() {}
