use paced::rate_limited;

#[rate_limited(rate = 5, backoff(base = "1s", base = "2s"))]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
