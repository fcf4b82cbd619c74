use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn fetch() -> impl Into<u8> {
    1
}

fn main() {}
