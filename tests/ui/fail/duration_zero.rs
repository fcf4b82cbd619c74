use paced::rate_limited;

#[rate_limited(rate = 5, deadline = "0s")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
