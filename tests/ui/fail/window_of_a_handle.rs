use paced::{Limiter, rate_limited};

#[rate_limited(limiter = LIMITER, window = "strict")]
async fn fetch() -> std::io::Result<()> {
    Ok(())
}

static LIMITER: Limiter = Limiter::new(paced::Quota::per_second(std::num::NonZeroU32::MIN));

fn main() {}
