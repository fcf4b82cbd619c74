use paced::rate_limited;

pub struct Failed;

pub struct Api;

#[rate_limited(rate = 5, deadline = "1s")]
impl Api {
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }

    async fn other(&self) -> Result<(), Failed> {
        Ok(())
    }
}

fn main() {
    drop((Api.fetch(), Api.other()));
}
