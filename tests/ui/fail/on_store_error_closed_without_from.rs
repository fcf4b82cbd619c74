use paced::rate_limited;

#[derive(Debug)]
struct ApiError;

fn pick() -> String {
    String::new()
}

#[rate_limited(rate = 5, store = pick(), on_store_error = "closed")]
async fn fetch() -> Result<(), ApiError> {
    Err(ApiError)
}

fn main() {
    drop(fetch());
}
