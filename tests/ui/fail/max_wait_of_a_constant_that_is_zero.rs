use std::time::Duration;

use paced::rate_limited;

const NONE: Option<Duration> = None;

#[rate_limited(rate = 5, max_wait = Duration::ZERO)]
async fn zero() -> Result<(), paced::Error> {
    Ok(())
}

#[rate_limited(rate = 5, max_wait = NONE)]
async fn none() -> Result<(), paced::Error> {
    Ok(())
}

#[rate_limited(rate = 5, store = "sqlite:?namespace=a")]
async fn store() -> Result<(), paced::Error> {
    Ok(())
}

fn main() {}
