use paced::rate_limited;

pub struct Api;

#[rate_limited(rate = 0, brust = 5)]
impl Api {
    async fn one(&self) -> std::io::Result<()> {
        Ok(())
    }

    #[rate_limited(inherit, cost = 5)]
    async fn other(&self) -> std::io::Result<()> {
        Ok(())
    }

    #[rate_limited(skip)]
    async fn skipped(&self) {}

    #[rate_limited(rate = 0)]
    async fn own(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop((Api.one(), Api.other(), Api.skipped(), Api.own()));
}
