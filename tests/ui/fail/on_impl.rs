use paced::rate_limited;

struct Client;

#[rate_limited(rate = 5)]
impl Client {
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop(Client.fetch());
}
