use paced::rate_limited;

struct Client {
    slow: std::time::Duration,
}

impl Client {
    #[rate_limited(rate = 5, slow = self.slow)]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Client { slow: std::time::Duration::ZERO }.fetch());
}
