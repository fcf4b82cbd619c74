use paced::rate_limited;

#[rate_limited(rate = 5 | burst = 3)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
