use paced::rate_limited;

const LIMIT: u32 = 0;

#[rate_limited(rate = LIMIT)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
