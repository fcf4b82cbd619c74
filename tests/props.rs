//! The envelope, the order and the throughput of a limiter under arbitrary use, on paused time.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What timers may be late by.
const SLACK: Duration = Duration::from_millis(2);

/// One thing that happens to a limiter.
#[derive(Clone, Debug)]
enum Event {
    /// A caller joins.
    Call { cost: u32 },
    /// The nth caller that still waits gives up.
    GiveUp { nth: usize },
    /// Somebody takes what is there.
    Try { cost: u32 },
    /// A server asks for a pause.
    CoolDown { millis: u64 },
    /// Time passes.
    Pass { micros: u64 },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        5 => (1..4_u32).prop_map(|cost| Event::Call { cost }),
        2 => (0..8_usize).prop_map(|nth| Event::GiveUp { nth }),
        1 => (1..4_u32).prop_map(|cost| Event::Try { cost }),
        1 => (1..500_u64).prop_map(|millis| Event::CoolDown { millis }),
        4 => prop_oneof![0..5_000_u64, 0..2_000_000_u64].prop_map(|micros| Event::Pass { micros }),
    ];
    prop::collection::vec(event, 1..80)
}

fn quotas() -> impl Strategy<Value = Quota> {
    (prop_oneof![1..20_u32, 20..50_000_u32], 3..20_u32).prop_map(|(hz, burst)| {
        let (hz, burst) = (
            NonZeroU32::new(hz).unwrap(),
            NonZeroU32::new(burst).unwrap(),
        );
        Quota::new(Rate::per_second(hz)).with_burst(burst)
    })
}

/// Strict windows, some of them with a burst, which is less than the window.
fn windows() -> impl Strategy<Value = Quota> {
    (4..20_u32, 1..10_000_u64, prop::option::of(3..19_u32)).prop_map(|(limit, millis, burst)| {
        let rate = Rate::new(f64::from(limit), Duration::from_millis(millis)).unwrap();
        let burst = burst.and_then(|burst| NonZeroU32::new(burst.min(limit - 1)));
        let quota = Quota::strict(rate);
        burst.map_or(quota, |burst| quota.with_burst(burst))
    })
}

/// Returns the limit and the period of a strict window.
fn window(quota: Quota) -> (u32, Duration) {
    let whole = quota.with_burst(NonZeroU32::MAX);
    let interval = quota.rate().interval();
    (whole.burst().get(), interval * whole.burst().get())
}

/// A permit: who got it, when, and what it cost.
#[derive(Clone, Copy, Debug)]
struct Permit {
    caller: usize,
    at: Instant,
    cost: u32,
}

/// Everything that a limiter granted, and every cooldown as its beginning and end.
#[derive(Debug, Default)]
struct Record {
    permits: Vec<Permit>,
    cooldowns: Vec<(Instant, Instant)>,
}

struct Run {
    limiter: Limiter,
    permits: Arc<Mutex<Vec<Permit>>>,
    callers: Vec<JoinHandle<()>>,
    cooldowns: Vec<(Instant, Instant)>,
    tries: usize,
}

impl Run {
    fn new(quota: Quota) -> Self {
        Self {
            limiter: Limiter::new(quota),
            permits: Arc::default(),
            callers: Vec::new(),
            cooldowns: Vec::new(),
            tries: 0,
        }
    }

    async fn apply(&mut self, event: Event) {
        match event {
            Event::Call { cost } => {
                let (limiter, permits) = (self.limiter.clone(), Arc::clone(&self.permits));
                let caller = self.callers.len();
                self.callers.push(tokio::spawn(async move {
                    limiter.acquire_many(cost).await.unwrap();
                    permits.lock().unwrap().push(Permit {
                        caller,
                        at: Instant::now(),
                        cost,
                    });
                }));
                tokio::task::yield_now().await;
            }
            Event::GiveUp { nth } => {
                let waiting = self.callers.iter().filter(|caller| !caller.is_finished());
                if let Some(caller) = waiting.clone().nth(nth) {
                    caller.abort();
                    tokio::task::yield_now().await;
                }
            }
            Event::Try { cost } => {
                if self.limiter.try_acquire_many(cost).is_ok() {
                    self.tries += 1;
                    let permit = Permit {
                        caller: usize::MAX,
                        at: Instant::now(),
                        cost,
                    };
                    self.permits.lock().unwrap().push(permit);
                }
            }
            Event::CoolDown { millis } => {
                let now = Instant::now();
                let until = now + Duration::from_millis(millis);
                self.limiter.cooldown_until(until);
                self.cooldowns.push((now, until));
            }
            Event::Pass { micros } => tokio::time::sleep(Duration::from_micros(micros)).await,
        }
    }

    /// Lets all who still wait be served.
    async fn finish(mut self) -> Record {
        for caller in self.callers.drain(..) {
            if let Err(error) = caller.await {
                assert!(error.is_cancelled(), "{error}");
            }
        }
        assert_eq!(self.limiter.snapshot().waiting, 0);
        let permits = std::mem::take(&mut *self.permits.lock().unwrap());
        Record {
            permits,
            cooldowns: self.cooldowns,
        }
    }
}

fn record(quota: Quota, events: Vec<Event>) -> Record {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut run = Run::new(quota);
        for event in events {
            run.apply(event).await;
        }
        run.finish().await
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_interval_holds_more_than_the_burst_and_the_rate_allow(quota in quotas(), events in events()) {
        let permits = record(quota, events).permits;
        for (first, from) in permits.iter().enumerate() {
            let mut granted = 0;
            for to in &permits[first..] {
                granted += to.cost;
                let window = to.at - from.at + SLACK;
                let allowed = f64::from(quota.burst().get()) + quota.rate().hz() * window.as_secs_f64();
                prop_assert!(f64::from(granted) <= allowed + 1e-6, "{granted} in {window:?} of {quota}");
            }
        }
    }

    #[test]
    fn no_period_of_a_strict_window_holds_more_than_the_limit(quota in windows(), events in events()) {
        let permits = record(quota, events).permits;
        let (limit, period) = window(quota);
        for (first, from) in permits.iter().enumerate() {
            let inside = permits[first..].iter().take_while(|to| to.at - from.at <= period);
            let granted: u32 = inside.map(|permit| permit.cost).sum();
            prop_assert!(granted <= limit, "{granted} of {limit} within {period:?}");
        }
    }

    #[test]
    fn callers_are_served_in_the_order_they_came(quota in prop_oneof![quotas(), windows()], events in events()) {
        let permits = record(quota, events).permits;
        let order: Vec<usize> = permits.iter().map(|p| p.caller).filter(|&c| c != usize::MAX).collect();
        prop_assert!(order.is_sorted(), "{order:?}");
    }

    #[test]
    fn nobody_passes_during_a_cooldown(quota in quotas(), events in events()) {
        let record = record(quota, events);
        for permit in &record.permits {
            let closed = record.cooldowns.iter().find(|(from, until)| *from < permit.at && permit.at < *until);
            prop_assert!(closed.is_none(), "{permit:?} in {closed:?}");
        }
    }

    #[test]
    fn everybody_who_stays_is_served_without_a_token_lost(
        quota in quotas(),
        costs in prop::collection::vec(1..4_u32, 1..200),
        dropped in prop::collection::vec(any::<bool>(), 200),
    ) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (spent, elapsed) = runtime.block_on(async {
            let (mut run, start) = (Run::new(quota), Instant::now());
            for &cost in &costs {
                run.apply(Event::Call { cost }).await;
            }
            for (caller, _) in run.callers.iter().zip(&dropped).filter(|(_, dropped)| **dropped) {
                caller.abort();
            }
            let permits = run.finish().await.permits;
            let spent: u32 = permits.iter().map(|permit| permit.cost).sum();
            (spent, permits.last().map_or(Duration::ZERO, |permit| permit.at - start))
        });
        let paced = spent.saturating_sub(quota.burst().get());
        let ideal = quota.rate().interval() * paced;
        // A timer is due within a millisecond; what one is late does not add up.
        prop_assert!(elapsed <= ideal + SLACK, "{elapsed:?} for {spent} of {quota}, ideal {ideal:?}");
    }
}
