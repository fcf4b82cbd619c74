use paced::rate_limited;

use std::future::Future;
use std::pin::Pin;

pub struct Client(u8);

impl Client {
    #[rate_limited(rate = 5)]
    pub fn fetch(&self) -> Pin<Box<dyn Future<Output = std::io::Result<u8>> + Send>> {
        let n = self.0;
        Box::pin(async move { Ok(n) })
    }
}

fn main() {}
