use paced::rate_limited;

#[rate_limited(rate = 5, store = "redis://:6379")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
