use paced::rate_limited;

const STORE: u8 = 5;

#[rate_limited(rate = 5, store = STORE)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
