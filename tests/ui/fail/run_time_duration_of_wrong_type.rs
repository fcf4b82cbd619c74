use paced::rate_limited;

fn limit() -> u64 {
    300
}

#[rate_limited(rate = 5, deadline = limit())]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
