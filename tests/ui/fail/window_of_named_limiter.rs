use paced::rate_limited;

#[rate_limited(limiter = "github", window = "strict")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
