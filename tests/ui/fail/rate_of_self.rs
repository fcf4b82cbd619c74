use paced::rate_limited;

pub struct Client {
    rate: u32,
}

impl Client {
    #[rate_limited(rate = self.rate)]
    pub async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {}
