use paced::rate_limited;

#[rate_limited(rate = 5)]
pub trait Api {
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {}
