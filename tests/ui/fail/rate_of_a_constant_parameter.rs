use paced::rate_limited;

#[rate_limited(rate = { LIMIT })]
pub async fn fetch<const LIMIT: u32>() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
