use paced::rate_limited;

#[rate_limited(rate = 5, backoff(factor = 1e999))]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
