use paced::rate_limited;

#[rate_limited(rate = 1.5, window = "strict")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
