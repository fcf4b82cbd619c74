use paced::{Limiter, rate_limited};

pub struct Api {
    limiter: Limiter,
}

#[rate_limited(limiter = self.limiter)]
impl Api {
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }

    async fn connect(limiter: Limiter) -> std::io::Result<Self> {
        Ok(Self {
            limiter: limiter.clone(),
        })
    }
}

fn main() {
    drop(Api::connect(Limiter::new(paced::Quota::per_second(std::num::NonZeroU32::MIN))));
}
