use paced::rate_limited;

pub struct Api;

#[rate_limited(rate = 5)]
impl Api {
    #[rate_limited(inherits, cost = 5)]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Api.fetch());
}
