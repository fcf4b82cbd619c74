use paced::rate_limited;

#[derive(Debug)]
struct ApiError;

fn limit() -> u32 {
    5
}

#[rate_limited(rate = limit())]
async fn fetch() -> Result<(), ApiError> {
    Err(ApiError)
}

fn main() {
    drop(fetch());
}
