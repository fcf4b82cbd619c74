use paced::{Limiter, Quota, rate_limited};
use std::num::NonZeroU32;

const LIMIT: u32 = 5;

static GITHUB: Limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));

macro_rules! endpoint {
    ($name:ident, $rate:expr, $path:path, $jitter:expr, $respected:expr, $retry_on:expr) => {
        #[rate_limited(rate = $rate, burst = $path, backoff(jitter = $jitter), respect_headers = $respected, retry_on = $retry_on)]
        async fn $name() -> Result<u8, ()> {
            Ok(1)
        }
    };
}

macro_rules! shared {
    ($name:ident, $limiter:expr) => {
        #[rate_limited(limiter = $limiter, rate = 5)]
        async fn $name() -> Result<u8, ()> {
            Ok(1)
        }
    };
}

macro_rules! by_handle {
    ($name:ident, $limiter:expr, $krate:path) => {
        #[rate_limited(limiter = $limiter, crate = $krate)]
        async fn $name() -> Result<u8, ()> {
            Ok(1)
        }
    };
}

endpoint!(a, LIMIT, LIMIT, "full", true, [429, connect]);
endpoint!(b, (5), crate::LIMIT, "none", false, [503]);
shared!(c, "github");
by_handle!(d, GITHUB, ::paced);

mod config {
    pub fn rate() -> u32 {
        5
    }
}

struct Config;

impl Config {
    const RATE: u32 = 5;

    #[rate_limited(rate = Self::RATE)]
    async fn fetch(&self) -> std::io::Result<()> {
        Ok(())
    }
}

static CONFIG: Shape = Shape { rate: 5 };

struct Shape {
    rate: u32,
}

#[rate_limited(rate = CONFIG.rate, burst = config::rate())]
async fn fields(rate: u32, config: u32) -> std::io::Result<u32> {
    Ok(rate + config)
}

fn main() {
    drop((a(), b(), c(), d()));
    drop((Config.fetch(), fields(1, 2)));
}
