use paced::rate_limited;

const LIMIT: u32 = 5;

#[rate_limited(limiter = LIMIT)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
