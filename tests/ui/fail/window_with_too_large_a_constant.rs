use paced::rate_limited;

const BURST: u32 = 60;

#[rate_limited(rate = "60/min", burst = BURST, window = "strict")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
