use paced::rate_limited;

#[rate_limited(limiter = "github", store = "redis://localhost")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
