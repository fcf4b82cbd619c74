use paced::rate_limited;

pub struct Api;

#[rate_limited(rate = 5)]
impl Api {
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }

    async fn close(&self) {}

    async fn cached(&self) -> Option<u8> {
        None
    }
}

fn main() {
    drop((Api.fetch(), Api.close(), Api.cached()));
}
