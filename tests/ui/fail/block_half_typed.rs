use paced::rate_limited;

pub struct Api;

#[rate_limited(rate = 5)]
impl Api {
    async fn fetch(&self, text: String) -> std::io::Result<usize> {
        text.len.
    }

    async fn other(&self) -> std::io::Result<u8> {
        Ok(1)
    }
}

fn main() {
    drop((Api.fetch(String::new()), Api.other()));
}
