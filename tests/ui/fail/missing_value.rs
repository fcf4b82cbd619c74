use paced::rate_limited;

#[rate_limited(rate =, burst = 10)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
