use paced::rate_limited;

#[rate_limited(rate = LIMIT)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
