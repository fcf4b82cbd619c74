use paced::rate_limited;

trait Fetch {
    async fn fetch(&self) -> std::io::Result<()>;
}

impl Fetch for u8 {
    #[rate_limited(rate = 0)]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(1.fetch());
}
