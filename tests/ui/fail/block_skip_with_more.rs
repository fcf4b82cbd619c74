use paced::rate_limited;

pub struct Api;

#[rate_limited(rate = 5)]
impl Api {
    #[rate_limited(skip, rate = 9)]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }

    #[rate_limited(skip = true)]
    async fn skipped(&self) {}
}

fn main() {
    drop((Api.fetch(), Api.skipped()));
}
