use async_trait::async_trait;
use paced::rate_limited;

#[async_trait]
trait Fetch {
    async fn annotated(&mut self) -> std::io::Result<String>;
    async fn plain(&mut self) -> std::io::Result<String>;
}

#[async_trait]
impl Fetch for u8 {
    #[rate_limited(rate = 5)]
    async fn annotated(&mut self) -> std::io::Result<String> {
        Ok("text")
    }

    async fn plain(&mut self) -> std::io::Result<String> {
        Ok("text")
    }
}

fn main() {
    drop((1.annotated(), 1.plain()));
}
