use paced::rate_limited;

#[rate_limited(rate = 5, max_throttles = -1)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
