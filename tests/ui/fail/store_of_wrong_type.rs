use paced::rate_limited;

fn pick() -> u8 {
    5
}

#[rate_limited(rate = 5, store = pick())]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
