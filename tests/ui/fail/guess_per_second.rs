use paced::rate_limited;

#[rate_limited(per_second = 5)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
