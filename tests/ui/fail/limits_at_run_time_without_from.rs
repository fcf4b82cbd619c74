use paced::rate_limited;

#[rate_limited(limits = ["10/s", rate()])]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn rate() -> u32 {
    5
}

fn main() {}
