use paced::rate_limited;

#[rate_limited(rate = "1/365d")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
