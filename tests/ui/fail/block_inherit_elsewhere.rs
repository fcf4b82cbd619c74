use paced::rate_limited;

pub struct Api;

impl Api {
    #[rate_limited(inherit, cost = 5)]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Api.fetch());
}
