use paced::rate_limited;

#[rate_limited(limit = 5)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
