use paced::rate_limited;

fn limit() -> bool {
    true
}

#[rate_limited(rate = limit())]
async fn fetch() -> Result<(), paced::Error> {
    Ok(())
}

fn main() {
    drop(fetch());
}
