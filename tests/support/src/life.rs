//! Limiters under arbitrary use, on paused time.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;

/// Time by which timers may be late.
pub const SLACK: Duration = Duration::from_millis(2);

/// Longer than any caller waits: 200 callers for three tokens each, and all cooldowns one after the other.
const LONGEST: Duration = Duration::from_secs(1000);

/// One thing that happens to limiters. `by`: the number of the limiter.
#[derive(Clone, Debug)]
pub enum Event {
    /// A caller joins.
    Call {
        /// Its limiter.
        by: usize,
        /// Number of tokens that it waits for.
        cost: u32,
    },
    /// The nth caller that still waits gives up.
    GiveUp {
        /// Its number.
        nth: usize,
    },
    /// A caller takes what is there, without waiting.
    Try {
        /// Its limiter.
        by: usize,
        /// Number of tokens that it takes.
        cost: u32,
    },
    /// A server asks for a pause.
    CoolDown {
        /// The limiter that it tells.
        by: usize,
        /// Length of the pause.
        millis: u64,
    },
    /// Time passes.
    Pass {
        /// Length of the time.
        micros: u64,
    },
}

/// Events of so many limiters.
pub fn events(limiters: usize) -> impl Strategy<Value = Vec<Event>> {
    let by = 0..limiters;
    let event = prop_oneof![
        6 => (by.clone(), 1..4_u32).prop_map(|(by, cost)| Event::Call { by, cost }),
        2 => (0..8_usize).prop_map(|nth| Event::GiveUp { nth }),
        1 => (by.clone(), 1..4_u32).prop_map(|(by, cost)| Event::Try { by, cost }),
        1 => (by, prop_oneof![1..500_u64, 1..2000_u64])
            .prop_map(|(by, millis)| Event::CoolDown { by, millis }),
        4 => prop_oneof![0..5_000_u64, 0..2_000_000_u64].prop_map(|micros| Event::Pass { micros }),
    ];
    prop::collection::vec(event, 1..80)
}

/// Quotas of up to `fastest` tokens per second.
pub fn quotas(fastest: u32) -> impl Strategy<Value = Quota> {
    (prop_oneof![1..20_u32, 20..fastest], 3..20_u32).prop_map(|(hz, burst)| {
        let (hz, burst) = (NonZeroU32::new(hz), NonZeroU32::new(burst));
        Quota::new(Rate::per_second(hz.expect("above 0"))).with_burst(burst.expect("above 0"))
    })
}

/// A permit: its caller, its instant and its cost.
#[derive(Clone, Copy, Debug)]
pub struct Permit {
    /// Number of the caller that waited for it, in the order in which they came.
    pub caller: Option<usize>,
    /// Instant at which the caller had it.
    pub at: Instant,
    /// Number of tokens.
    pub cost: u32,
}

/// Everything that limiters granted, and every cooldown as its beginning and end.
#[derive(Debug, Default)]
pub struct Record {
    /// Permits in the order in which they were granted.
    pub permits: Vec<Permit>,
    /// Cooldowns in the order in which they began.
    pub cooldowns: Vec<(Instant, Instant)>,
}

/// Limiters and their callers.
pub struct Life {
    limiters: Vec<Limiter>,
    permits: Arc<Mutex<Vec<Permit>>>,
    callers: Vec<JoinHandle<()>>,
    cooldowns: Vec<(Instant, Instant)>,
}

impl Life {
    /// Limiters without callers.
    pub fn new(limiters: Vec<Limiter>) -> Self {
        Self {
            limiters,
            permits: Arc::default(),
            callers: Vec::new(),
            cooldowns: Vec::new(),
        }
    }

    /// Applies all events.
    pub async fn live(&mut self, events: Vec<Event>) {
        for event in events {
            self.apply(event).await;
        }
    }

    /// Applies one event.
    pub async fn apply(&mut self, event: Event) {
        match event {
            Event::Call { by, cost } => self.call(by, cost).await,
            Event::GiveUp { nth } => {
                let mut waiting = self.callers.iter().filter(|caller| !caller.is_finished());
                if let Some(caller) = waiting.nth(nth) {
                    caller.abort();
                    yield_now().await;
                }
            }
            Event::Try { by, cost } => {
                if self.limiters[by].try_acquire_many(cost).is_ok() {
                    note(&self.permits, None, cost);
                }
            }
            Event::CoolDown { by, millis } => {
                let now = Instant::now();
                let until = now + Duration::from_millis(millis);
                self.limiters[by].cooldown_until(until);
                self.cooldowns.push((now, until));
            }
            Event::Pass { micros } => sleep(Duration::from_micros(micros)).await,
        }
    }

    async fn call(&mut self, by: usize, cost: u32) {
        let (limiter, permits) = (self.limiters[by].clone(), Arc::clone(&self.permits));
        let caller = self.callers.len();
        self.callers.push(tokio::spawn(async move {
            while let Err(error) = limiter.acquire_many(cost).await {
                // One that is closed while the store is late.
                assert!(error.is_store(), "{error}");
                sleep(Duration::from_millis(20)).await;
            }
            note(&permits, Some(caller), cost);
        }));
        yield_now().await;
    }

    /// Drops the callers at whose place `leaves` is set.
    pub fn leave(&self, leaves: impl IntoIterator<Item = bool>) {
        for (caller, leaves) in self.callers.iter().zip(leaves) {
            if leaves {
                caller.abort();
            }
        }
    }

    /// Serves all callers that still wait.
    pub async fn finish(mut self) -> Record {
        for caller in self.callers.drain(..) {
            let served = timeout(LONGEST, caller).await;
            if let Err(error) = served.expect("a caller is never served") {
                assert!(error.is_cancelled(), "{error}");
            }
        }
        for limiter in &self.limiters {
            assert_eq!(limiter.snapshot().waiting, 0);
        }
        let permits = core::mem::take(&mut *self.permits.lock().expect("no panic"));
        Record {
            permits,
            cooldowns: self.cooldowns,
        }
    }
}

fn note(permits: &Mutex<Vec<Permit>>, caller: Option<usize>, cost: u32) {
    let at = Instant::now();
    let mut permits = permits.lock().expect("no panic under the lock");
    permits.push(Permit { caller, at, cost });
}

/// Returns a runtime of one thread whose clock is paused.
pub fn paused() -> Runtime {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.expect("a runtime")
}

/// Runs a test on a runtime whose clock is paused.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    paused().block_on(test)
}

/// Checks that no interval, `slack` longer than it is, holds more than the rate and a burst of `burst` allow.
///
/// # Errors
///
/// If one does.
pub fn check_envelope(
    permits: &[Permit],
    quota: Quota,
    burst: u32,
    slack: Duration,
) -> Result<(), TestCaseError> {
    for (first, from) in permits.iter().enumerate() {
        let mut granted = 0;
        for to in &permits[first..] {
            granted += to.cost;
            let window = to.at - from.at + slack;
            let allowed = f64::from(burst) + quota.rate().hz() * window.as_secs_f64();
            prop_assert!(
                f64::from(granted) <= allowed + 1e-6,
                "{granted} in {window:?} of {quota}"
            );
        }
    }
    Ok(())
}
