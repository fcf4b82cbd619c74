use paced::rate_limited;

#[tokio::main]
#[rate_limited(rate = 5)]
async fn main() -> std::io::Result<()> {
    Ok(())
}
