//! Keys whose limits are in a store.

mod attribute;
mod crowd;
mod idle;
mod in_files;
mod in_redis;
mod outages;
mod row_attribute;
mod rows;
mod running;
mod shared;
mod threads;
mod told;
mod trying;

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use paced::Keyed;
use paced::Quota;
use paced::store::Store;

/// Key `"acme"` of the keyed limiter `crm`: `printf 'acme\xff' | sha256sum`.
const ACME: &str = "crm:cb04295cfece476663eaedddc2930b79";

fn per_second(rate: u32, burst: u32) -> Quota {
    let number = |count| NonZeroU32::new(count).expect("above 0");
    Quota::per_second(number(rate)).with_burst(number(burst))
}

/// Limiters that stand for a process.
fn process(store: &Arc<impl Store>, quota: Quota) -> Keyed<str> {
    let store: Arc<dyn Store> = store.clone();
    let builder = Keyed::builder(quota).name("crm").store(store);
    builder.max_keys(100).build().expect("a right limiter")
}

/// Uses another key until the table was looked through twice.
async fn sweep(keyed: &Keyed<str>) {
    for _ in 0..256 {
        drop(keyed.try_acquire("other"));
    }
    // For what is sent to the store meanwhile.
    tokio::time::sleep(Duration::from_millis(1)).await;
}
