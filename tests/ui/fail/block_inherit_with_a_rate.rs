use paced::rate_limited;

pub struct Api;

#[rate_limited(rate = 5)]
impl Api {
    #[rate_limited(inherit, rate = 9, burst = 3)]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Api.fetch());
}
