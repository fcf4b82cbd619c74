use paced::rate_limited;

#[rate_limited(rate = 5, slow = "0s")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
