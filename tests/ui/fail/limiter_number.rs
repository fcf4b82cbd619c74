use paced::rate_limited;

#[rate_limited(limiter = 5)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
