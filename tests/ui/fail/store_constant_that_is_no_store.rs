use paced::rate_limited;

const STORE: &str = "postgres://localhost";

#[rate_limited(rate = 5, store = STORE)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
