use paced::rate_limited;

#[rate_limited(rate = 5, on_store_error = "open")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
