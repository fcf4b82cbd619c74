use paced::rate_limited;

#[rate_limited(rate = 5, backoff(bse = "1s"))]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
