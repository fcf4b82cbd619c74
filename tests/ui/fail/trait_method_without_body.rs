use paced::rate_limited;

trait Fetch {
    #[rate_limited(rate = 5)]
    async fn fetch(&self) -> std::io::Result<()>;
}

impl Fetch for u8 {
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(1.fetch());
}
