use paced::rate_limited;

#[rate_limited(rate = 5, backoff(base = "2min"))]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
