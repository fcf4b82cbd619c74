use paced::rate_limited;

#[rate_limited(limits = ["10/h", "1000/h"])]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
