use paced::rate_limited;

#[rate_limited(rate)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
