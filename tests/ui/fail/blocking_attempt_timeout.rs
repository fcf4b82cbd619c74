use paced::rate_limited;

#[rate_limited(rate = 5, attempt_timeout = "10s")]
fn fetch() -> Result<(), paced::Error> {
    Ok(())
}

fn main() {
    drop(fetch());
}
