use paced::rate_limited;

#[rate_limited(limits = [AA, BB, CC, DD, EE, FF, GG, HH, II])]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

fn main() {}
