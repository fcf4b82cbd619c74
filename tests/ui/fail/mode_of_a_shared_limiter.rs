use paced::Limiter;
use paced::rate_limited;

#[rate_limited(limiter = limiter, mode = "observe")]
async fn fetch(limiter: &Limiter) -> std::io::Result<()> {
    let _ = limiter;
    Ok(())
}

fn main() {
    drop(fetch);
}
