use paced::rate_limited;

#[rate_limited(rate = 5)]
fn fetch() -> Option<u8> {
    Some(1)
}

fn main() {
    fetch();
}
