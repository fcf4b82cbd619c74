use paced::rate_limited;

pub struct Api;

#[rate_limited(rate = 5)]
impl Api {
    const KIND: u8 = 1;

    fn kind(&self) -> u8 {
        Self::KIND
    }
}

fn main() {
    Api.kind();
}
