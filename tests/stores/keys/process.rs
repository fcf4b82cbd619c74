//! A process that calls with keys: `keys_process URL`. Does what it is told, line by line, and says what came of it.
//!
//! ```text
//! call TENANT            takes a permit, if there is one within a minute
//! both TENANT            takes one of a tenant and of all tenants
//! cool TENANT SECONDS    closes the limiter of this tenant, for all processes
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::num::NonZeroU32;
use std::time::Duration;

use paced::Keyed;
use paced::Quota;
use paced::rate_limited;
use paced::store;
use paced::store::OnStoreError;
use paced::store::Policy;
use tokio::time::sleep;

const THREE: NonZeroU32 = NonZeroU32::new(3).unwrap();
const FOUR: NonZeroU32 = NonZeroU32::new(4).unwrap();
const FIVE: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// Time between two tries.
const AGAIN: Duration = Duration::from_millis(20);

#[rate_limited(limiter = keyed, key = tenant, max_wait = "60s")]
async fn call(keyed: &Keyed<str>, tenant: &str) -> Result<(), paced::Error> {
    Ok(())
}

async fn try_call(keyed: &Keyed<str>, tenant: &str) -> &'static str {
    loop {
        match call(keyed, tenant).await {
            Ok(()) => return "permit",
            Err(error) if error.is_store() => sleep(AGAIN).await,
            Err(_) => return "none",
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("no URL")?;
    let of = |count| Quota::per_hour(count).with_burst(count);
    // A store answers when it likes: the machine may be under load.
    let policy = Policy::new().on_error(OnStoreError::Closed);
    let policy = policy.timeout(Duration::from_secs(20));
    let keys = || -> Result<_, Box<dyn Error>> {
        let builder = Keyed::<str>::builder(of(FIVE)).name("crm");
        let builder = builder.store(store::connect(&url)?).store_policy(policy);
        Ok(builder.build()?)
    };
    let builder = Keyed::<str>::builder(of(THREE)).shared_row("requests", of(FOUR));
    let builder = builder.name("team").store(store::connect(&url)?);
    let of_all = builder.store_policy(policy).build()?;
    // The second one shows what the store knows: a limiter shows its own pause before the store has heard of it.
    let (keyed, others) = (keys()?, keys()?);
    for line in std::io::stdin().lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        let said = match *words.as_slice() {
            ["call", tenant] => try_call(&keyed, tenant).await,
            ["both", tenant] => try_call(&of_all, tenant).await,
            ["cool", tenant, seconds] => {
                let pause = Duration::from_secs(seconds.parse()?);
                keyed.limiter(tenant)?.cooldown_for(pause);
                let is_told = |seen: paced::SharedSnapshot| seen.cooldown.is_some();
                let other = others.limiter(tenant)?;
                while !other.shared_snapshot().await.is_ok_and(is_told) {
                    sleep(AGAIN).await;
                }
                "cooled"
            }
            _ => return Err(line.into()),
        };
        println!("{said}");
    }
    Ok(())
}
