use paced::rate_limited;

#[derive(Debug)]
struct ApiError;

#[rate_limited(rate = 5, max_wait = "10s")]
fn fetch() -> Result<(), ApiError> {
    Err(ApiError)
}

fn main() {
    drop(fetch());
}
