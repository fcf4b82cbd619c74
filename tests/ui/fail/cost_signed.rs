use paced::rate_limited;

#[rate_limited(rate = 5, burst = 10, cost = n)]
async fn call(n: i64) -> Result<(), Failed> {
    Ok(())
}

struct Failed;

impl From<paced::Error> for Failed {
    fn from(_: paced::Error) -> Self {
        Self
    }
}

fn main() {}
