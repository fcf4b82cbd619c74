use paced::rate_limited;

struct ApiError;

#[rate_limited(rate = 5)]
async fn annotated(text: &str) -> Result<u8, ApiError> {
    let n = text.parse::<u8>()?;
    Ok(n)
}

async fn plain(text: &str) -> Result<u8, ApiError> {
    let n = text.parse::<u8>()?;
    Ok(n)
}

fn main() {
    drop((annotated("1"), plain("1")));
}
