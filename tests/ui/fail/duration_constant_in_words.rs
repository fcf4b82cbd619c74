use paced::rate_limited;

const DEADLINE: &str = "ten seconds";

#[rate_limited(rate = 5, deadline = DEADLINE)]
async fn fetch() -> Result<(), paced::Error> {
    Ok(())
}

fn main() {}
