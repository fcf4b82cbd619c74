use paced::rate_limited;

#[rate_limited(rate = 5, store = "sqlite:quota.db", start = "empty")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
