use paced::rate_limited;

struct Client {
    spread: f64,
}

impl Client {
    #[rate_limited(rate = 5, hint_spread = self.spread)]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Client { spread: 0.1 }.fetch());
}
