use paced::rate_limited;

#[rate_limited(rate = 0, brust = 10, retry_on = [404, "4xx"], deadline = 300, backoff(factor = 0))]
const fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
