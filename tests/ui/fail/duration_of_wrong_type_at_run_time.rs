use paced::rate_limited;

#[rate_limited(rate = 5, deadline = seconds)]
pub async fn fetch(seconds: u32) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
