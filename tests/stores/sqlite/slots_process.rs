//! A process whose calls share slots with those of others: `slots_process FILE SLOTS CALLERS`. It says how many of its calls
//! are in flight, and how many have been, whenever it reads a line.
#![forbid(unsafe_code)]

use core::num::NonZeroU32;
use core::time::Duration;
use std::error::Error;
use std::sync::Arc;

use paced::Limiter;
use paced::Quota;
use paced::store::SqliteStore;

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<(), Box<dyn Error>> {
    let [_, path, slots, callers] = std::env::args()
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "three arguments")?;
    let thousand = NonZeroU32::new(1000).ok_or("zero")?;
    let builder = Limiter::builder(Quota::per_second(thousand)).name("shared");
    let builder = builder.store(Arc::new(SqliteStore::open(path)?));
    let limiter = builder.max_concurrency(slots.parse()?).build()?;
    for _ in 0..callers.parse::<u32>()? {
        let limiter = limiter.clone();
        tokio::spawn(async move {
            while let Ok(permit) = limiter.acquire().await {
                tokio::time::sleep(Duration::from_millis(500)).await;
                drop(permit);
            }
        });
    }
    tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines() {
            if line.is_err() {
                return;
            }
            let snapshot = limiter.snapshot();
            println!("{} {}", snapshot.in_flight, snapshot.counts.granted);
        }
    })
    .await?;
    Ok(())
}
