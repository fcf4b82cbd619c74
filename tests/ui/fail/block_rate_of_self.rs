use paced::rate_limited;

pub struct Api {
    rate: u32,
}

#[rate_limited(rate = self.rate)]
impl Api {
    async fn one(&self) -> std::io::Result<()> {
        Ok(())
    }

    async fn other(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    let api = Api { rate: 5 };
    drop((api.one(), api.other()));
}
