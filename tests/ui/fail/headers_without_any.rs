use paced::rate_limited;

#[rate_limited(rate = 5, headers(reset = "millis"), respect_headers = false)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
