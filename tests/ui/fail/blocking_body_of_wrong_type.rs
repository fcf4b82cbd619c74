use paced::rate_limited;

#[rate_limited(rate = 5)]
fn fetch() -> std::io::Result<u8> {
    Ok("one")
}

fn main() {
    drop(fetch());
}
