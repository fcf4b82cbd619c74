use paced::rate_limited;

#[rate_limited(rate = 5, idempotent = true)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
