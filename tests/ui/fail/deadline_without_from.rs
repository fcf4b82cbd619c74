use paced::rate_limited;

#[derive(Debug)]
struct ApiError;

#[rate_limited(rate = 5, deadline = "30s")]
async fn fetch() -> Result<(), ApiError> {
    Err(ApiError)
}

fn main() {
    drop(fetch());
}
