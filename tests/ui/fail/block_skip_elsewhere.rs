use paced::rate_limited;

#[rate_limited(skip)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
