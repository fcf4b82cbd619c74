use paced::rate_limited;

#[rate_limited(rate = 5, burst = 10, rate = 6)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
