use paced::rate_limited;

#[rate_limited(rate = 5, respect_headers = 0)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
