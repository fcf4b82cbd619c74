use paced::rate_limited;

#[rate_limited(rate = 5, throttle_below = 10)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
