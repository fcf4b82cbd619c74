use paced::rate_limited;

#[rate_limited(rate = "60/min", window = "strict", store = "redis://localhost")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
