//! A server's plan of which calls to refuse, and what it saw.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

/// Fifteen of the first twenty requests are refused, every third refusal without a delay.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusals(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    requests: u32,
    refused: u32,
    /// Requests that came before their call had waited for as long as it was told.
    early: u32,
    /// Instant from which a call may come again.
    told: HashMap<u64, Instant>,
}

/// Answer to a request that is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) delay: Option<Duration>,
    /// Whether the server calls it an outage.
    pub(crate) outage: bool,
}

impl Refusals {
    /// Takes note of a request of the call `id`.
    pub(crate) fn next(&self, id: u64, delay: Duration) -> Option<Refusal> {
        let now = Instant::now();
        let mut seen = self.0.lock().unwrap();
        if seen.told.remove(&id).is_some_and(|until| now < until) {
            seen.early += 1;
        }
        seen.requests += 1;
        if seen.requests > 20 || seen.requests % 4 == 0 {
            return None;
        }
        seen.refused += 1;
        let delay = (seen.refused % 3 != 0).then_some(delay);
        if let Some(delay) = delay {
            seen.told.insert(id, now + delay);
        }
        Some(Refusal {
            delay,
            outage: seen.refused % 5 == 0,
        })
    }

    /// Asserts that each of 20 calls was served, and that 15 requests were refused before.
    pub(crate) fn assert_all_served(&self) {
        let seen = self.0.lock().unwrap();
        assert_eq!((seen.requests, seen.refused, seen.early), (35, 15, 0));
    }
}
