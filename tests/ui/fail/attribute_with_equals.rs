use paced::rate_limited;

#[rate_limited = 5]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
