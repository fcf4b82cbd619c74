//! Callers that do not wait, of a limiter in a store: one that is refused causes a request, whose answer serves the next.

use std::sync::Arc;

use paced::store::Policy;
use tokio::time::sleep;

use crate::sharing::with_policy;
use crate::stores::Fate;
use crate::stores::Scripted;
use crate::support::ms;

/// A store that answers after 4 ms.
fn store() -> Arc<Scripted> {
    let store = Arc::new(Scripted::new());
    store.set(Fate::Late(2, 2));
    store
}

#[tokio::test(start_paused = true)]
async fn tries_at_the_times_of_their_refusals_get_a_permit() {
    for burst in [1, 10] {
        let limiter = with_policy(&store(), 10.0, burst, Policy::new());
        limiter.acquire().await.unwrap();
        for _ in 0..20 {
            sleep(ms(150)).await;
            let mut tries = 1;
            while let Err(error) = limiter.try_acquire() {
                let wait = error.retry_after().expect("it is known");
                assert!(wait >= ms(1) && wait <= ms(100), "{wait:?}");
                sleep(wait).await;
                tries += 1;
            }
            assert!(tries <= 4, "{tries}");
        }
    }
}
