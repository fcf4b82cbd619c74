use paced::rate_limited;

#[rate_limited(rate = Some(5))]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
