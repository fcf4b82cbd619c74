use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn fetch<R>(read: impl Fn() -> R) -> R {
    read()
}

fn main() {}
