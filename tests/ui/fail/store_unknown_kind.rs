use paced::rate_limited;

#[rate_limited(rate = 5, store = "postgres://localhost")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
