use paced::rate_limited;

const LIMIT: bool = true;

#[rate_limited(rate = LIMIT)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
