use paced::rate_limited;

const LIMIT: &str = "5/fortnight";

#[rate_limited(rate = LIMIT)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
