use paced::rate_limited;

#[rate_limited(limiter = "")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
