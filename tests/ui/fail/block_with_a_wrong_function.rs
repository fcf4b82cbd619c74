use paced::rate_limited;

trait Fetch {
    async fn one(&self) -> std::io::Result<()>;
    async fn wrong(&self) -> std::io::Result<()>;
    async fn other(&self) -> std::io::Result<u8>;
}

pub struct Api;

#[rate_limited(rate = 5)]
impl Fetch for Api {
    async fn one(&self) -> std::io::Result<()> {
        Ok(())
    }

    #[rate_limited(inherit, max_retries = -1)]
    async fn wrong(&self) -> std::io::Result<()> {
        Ok(())
    }

    async fn other(&self) -> std::io::Result<u8> {
        Ok("text")
    }
}

fn main() {
    drop((Api.one(), Api.wrong(), Api.other()));
}
