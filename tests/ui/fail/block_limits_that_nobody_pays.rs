use paced::rate_limited;

pub struct Api;

#[rate_limited(limits(requests = 5, tokens = 100, points = 50))]
impl Api {
    async fn free(&self) -> std::io::Result<()> {
        Ok(())
    }

    #[rate_limited(inherit, cost(tokens = 5))]
    async fn paid(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    drop((Api.free(), Api.paid()));
}
