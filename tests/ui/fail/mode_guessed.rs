use paced::rate_limited;

#[rate_limited(rate = 5, mode = "shadow")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
