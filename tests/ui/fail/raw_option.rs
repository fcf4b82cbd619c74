use paced::rate_limited;

#[rate_limited(r#rate = 5)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
