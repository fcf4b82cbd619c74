use paced::{Limiter, rate_limited};

#[rate_limited(limiter = limiter, start = "empty")]
async fn fetch(limiter: &Limiter) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
