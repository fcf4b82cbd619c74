use paced::rate_limited;

#[rate_limited(limiter = "github", burst = 10)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
