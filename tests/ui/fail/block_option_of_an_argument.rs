use paced::rate_limited;
use std::time::Duration;

pub struct Api;

#[rate_limited(rate = 5, deadline = left)]
impl Api {
    async fn fetch(&self, left: Duration) -> std::io::Result<()> {
        Ok(())
    }

    async fn other(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop((Api.fetch(Duration::ZERO), Api.other()));
}
