use paced::rate_limited;

mod config {
    pub const BURST: u32 = 0;
}

#[rate_limited(rate = 5, burst = config::BURST)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
