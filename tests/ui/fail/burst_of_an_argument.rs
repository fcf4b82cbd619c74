use paced::rate_limited;

#[rate_limited(rate = 5, burst = 2 * size)]
pub async fn fetch(size: u32) -> std::io::Result<()> {
    let _ = size;
    Ok(())
}

fn main() {}
