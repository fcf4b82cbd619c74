use paced::rate_limited;

#[rate_limited(rate = 5, cooldown = "60s")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
