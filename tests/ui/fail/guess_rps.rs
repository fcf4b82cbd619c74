use paced::rate_limited;

#[rate_limited(rps = 5)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
