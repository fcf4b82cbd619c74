use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn fetch() -> Option<u8> {
    Some(1)
}

fn main() {
    drop(fetch());
}
