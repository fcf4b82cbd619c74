use paced::rate_limited;

#[rate_limited(rate = "60/min", window = "sliding")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
