use paced::rate_limited;

const RATE: bool = true;
const BURST: &str = "10";
const DEADLINE: u64 = 10;
const RETRIES: f64 = 3.5;
const STORE: u8 = 1;

#[rate_limited(rate = RATE)]
async fn rate() -> std::io::Result<()> {
    Ok(())
}

#[rate_limited(rate = 5, burst = BURST)]
async fn burst() -> std::io::Result<()> {
    Ok(())
}

#[rate_limited(rate = 5, deadline = DEADLINE)]
async fn deadline() -> Result<(), paced::Error> {
    Ok(())
}

#[rate_limited(rate = 5, max_retries = RETRIES)]
async fn retries() -> std::io::Result<()> {
    Ok(())
}

#[rate_limited(rate = 5, store = STORE)]
async fn store() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
