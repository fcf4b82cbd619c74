use paced::rate_limited;

#[rate_limited(rate = 5, retry_on = [429, 503, 429])]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
