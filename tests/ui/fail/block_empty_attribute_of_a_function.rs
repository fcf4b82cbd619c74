use paced::rate_limited;

pub struct Api;

#[rate_limited(rate = 5)]
impl Api {
    #[rate_limited]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Api.fetch());
}
