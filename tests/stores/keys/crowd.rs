//! Many keys: what each takes in this process.

use core::time::Duration;
use std::sync::Arc;

use paced::Error;
use paced::Keyed;
use paced::store::MemoryStore;
use tokio::time::sleep;

use super::per_second;

/// The most bytes that a key may take in this process.
const MOST: i64 = 5500;

#[test]
fn ten_thousand_keys_take_little_and_give_it_back() -> Result<(), Error> {
    let builder = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = builder.expect("a runtime");
    let store = Arc::new(MemoryStore::new());
    // The states are in the memory of this process, too.
    let used = |keyed: &Keyed<u64>| {
        allocation_counter::measure(|| {
            runtime.block_on(async {
                for key in 0..10_000 {
                    keyed.acquire(&key).await.expect("a permit");
                }
            });
        })
    };
    let keyed = |store: &Arc<MemoryStore>| {
        let builder = Keyed::<u64>::builder(per_second(1, 2)).name("crm");
        builder.store(store.clone()).build()
    };
    let (first, keyed) = (keyed(&store)?, keyed(&store)?);
    let with_states = used(&first).bytes_current;
    let alone = used(&keyed).bytes_current;
    println!(
        "{} bytes for each key, {} with its state",
        alone / 10_000,
        with_states / 10_000
    );
    assert!(alone / 10_000 < MOST, "{alone}");
    assert_eq!(keyed.len(), 10_000);
    runtime.block_on(async {
        sleep(Duration::from_secs(10)).await;
        for _ in 0..4 {
            for _ in 0..10_000 {
                drop(keyed.try_acquire(&0));
            }
            sleep(Duration::from_secs(1)).await;
        }
    });
    assert_eq!(keyed.len(), 1);
    Ok(())
}
