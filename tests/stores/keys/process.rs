//! A process that calls with keys: `keys_process URL`. Does what it is told, line by line, and says what came of it.
//!
//! ```text
//! call TENANT            waits for a permit, but not for long
//! cool TENANT SECONDS    closes the limiter of this tenant, for all processes
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::num::NonZeroU32;
use std::time::Duration;

use paced::Keyed;
use paced::Quota;
use paced::store;
use tokio::time::sleep;
use tokio::time::timeout;

const FIVE: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// Time for a store to answer.
const SOON: Duration = Duration::from_millis(500);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("no URL")?;
    let quota = Quota::per_hour(FIVE).with_burst(FIVE);
    let builder = Keyed::<str>::builder(quota).name("crm");
    let keyed = builder.store(store::connect(&url)?).build()?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        let said = match *words.as_slice() {
            ["call", tenant] => match timeout(SOON, keyed.acquire(tenant)).await {
                Ok(permit) => permit.map(|_| "permit")?,
                Err(_) => "none",
            },
            ["cool", tenant, seconds] => {
                keyed.cooldown_for(tenant, Duration::from_secs(seconds.parse()?))?;
                // Until the store knows.
                sleep(SOON).await;
                "cooled"
            }
            _ => return Err(line.into()),
        };
        println!("{said}");
    }
    Ok(())
}
