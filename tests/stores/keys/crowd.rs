//! Many keys: what each takes in this process.

use core::time::Duration;
use std::sync::Arc;

use paced::Error;
use paced::Keyed;
use paced::store::MemoryStore;
use tokio::time::sleep;

use super::per_second;

const KEYS: usize = 2000;

/// The most bytes that a key may take in this process.
const MOST: i64 = 5500;

#[test]
fn many_keys_take_little_and_give_it_back() -> Result<(), Error> {
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
                for key in 0..KEYS as u64 {
                    keyed.acquire(&key).await.expect("a permit");
                }
            });
        })
    };
    let keyed = |store: &Arc<MemoryStore>| {
        let builder = Keyed::<u64>::builder(per_second(1, 2)).name("crm");
        builder.store(store.clone()).max_keys(KEYS).build()
    };
    let (first, keyed) = (keyed(&store)?, keyed(&store)?);
    let with_states = used(&first).bytes_current;
    let alone = used(&keyed).bytes_current;
    let keys = i64::try_from(KEYS).expect("small");
    let (alone, with_states) = (alone / keys, with_states / keys);
    println!("{alone} bytes for each key, {with_states} with its state");
    assert!(alone < MOST, "{alone}");
    assert_eq!(keyed.len(), KEYS);
    runtime.block_on(async {
        sleep(Duration::from_secs(10)).await;
        // Each access looks at two places of the tables.
        for _ in 0..40 {
            if keyed.len() == 1 {
                break;
            }
            for _ in 0..1000 {
                drop(keyed.try_acquire(&0));
            }
            sleep(Duration::from_secs(1)).await;
        }
    });
    assert_eq!(keyed.len(), 1);
    Ok(())
}
