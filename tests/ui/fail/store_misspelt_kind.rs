use paced::rate_limited;

#[rate_limited(rate = 5, store = "sqlit:quota.db")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
