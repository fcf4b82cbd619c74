use paced::rate_limited;

#[rate_limited(rate = "60/min", burst = 60, window = "strict")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
