//! Configuration while the program runs: `paced::Config`, and what a change of a quota does to callers that wait.

mod applying;
mod crowd;
mod hostile;
mod keys;
mod mistakes;
mod modes;
mod quotas;
mod row_keys;
mod waiters;
mod waiting;

use core::num::NonZeroU32;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use tokio::sync::Mutex;
use tokio::sync::MutexGuard;

/// The configuration is the program's: tests that apply one take turns.
static TURNS: Mutex<()> = Mutex::const_new(());

/// Waits for a test's turn, and begins without a configuration.
async fn turn() -> MutexGuard<'static, ()> {
    let turn = TURNS.lock().await;
    paced::Config::new().apply().expect("it names nothing");
    turn
}

fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("above 0")
}

/// Returns a rate with a burst.
fn quota(rate: &str, burst: u32) -> Quota {
    Quota::new(rate.parse::<Rate>().expect("a rate")).with_burst(count(burst))
}

/// Returns the limiter of this name.
fn named(name: &str, quota: Quota) -> Limiter {
    let limiter = Limiter::builder(quota).name(name).build();
    limiter.expect("the name is free")
}

/// Applies a text.
fn apply(text: &str) {
    drop(applied(text));
}

/// Applies a text, and returns the configuration.
fn applied(text: &str) -> paced::Config {
    let config = paced::Config::from_toml(text).expect("a configuration");
    config.apply().expect("it fits");
    config
}
