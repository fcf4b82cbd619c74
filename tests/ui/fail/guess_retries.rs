use paced::rate_limited;

#[rate_limited(rate = 5, retries = 3)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
