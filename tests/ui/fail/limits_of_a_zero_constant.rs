use paced::rate_limited;

#[rate_limited(limits = ["10/s", NONE])]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

const NONE: u32 = 0;

fn main() {}
