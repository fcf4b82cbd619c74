use paced::rate_limited;

/// The test is only built where tests are.
fn main() {}

#[tokio::test]
#[rate_limited(rate = 5)]
async fn test() -> std::io::Result<()> {
    Ok(())
}
