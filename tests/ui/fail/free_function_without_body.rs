use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn fetch() -> std::io::Result<()>;

fn main() {}
