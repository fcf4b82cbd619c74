use paced::rate_limited;

#[rate_limited(limiter = GITHUB, limits = ["10/s", "1000/h"])]
async fn call() -> Result<(), Failed> {
    Ok(())
}

struct Failed;

static GITHUB: paced::Limiter = paced::Limiter::new(paced::Quota::per_second(std::num::NonZeroU32::MIN));

fn main() {}
