use paced::rate_limited;

pub struct Client;

impl Client {
    #[rate_limited(rate = 5, store = "sqlite:quota.db")]
    pub async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {}
