use paced::rate_limited;

static LIMITER: paced::Limiter = paced::Limiter::new(paced::Quota::per_second(std::num::NonZeroU32::MIN));

#[rate_limited(limiter = LIMITER, max_concurrency = 8)]
async fn call() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {
    drop(call());
}
