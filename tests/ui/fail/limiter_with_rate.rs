use paced::rate_limited;

static GITHUB: paced::Limiter = paced::Limiter::new(paced::Quota::per_second(std::num::NonZeroU32::MIN));

#[rate_limited(limiter = GITHUB, rate = 5, burst = 10)]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(fetch());
}
