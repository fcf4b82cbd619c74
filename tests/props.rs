//! The envelope, the order and the throughput of a limiter under arbitrary use, on paused time.

use core::num::NonZeroU32;
use core::time::Duration;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use proptest::prelude::*;
use test_support::life::Event;
use test_support::life::Life;
use test_support::life::Record;
use test_support::life::SLACK;
use test_support::life::check_envelope;
use test_support::life::events;
use test_support::life::quotas;
use test_support::life::run;
use tokio::time::Instant;

/// Tokens per second of the fastest quota.
const FASTEST: u32 = 50_000;

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

fn record(quota: Quota, events: Vec<Event>) -> Record {
    run(async {
        let mut life = Life::new(vec![Limiter::new(quota)]);
        life.live(events).await;
        life.finish().await
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_interval_holds_more_than_the_burst_and_the_rate_allow(
        quota in quotas(FASTEST), events in events(1),
    ) {
        let permits = record(quota, events).permits;
        check_envelope(&permits, quota, quota.burst().get(), SLACK)?;
    }

    #[test]
    fn no_period_of_a_strict_window_holds_more_than_the_limit(quota in windows(), events in events(1)) {
        let permits = record(quota, events).permits;
        let (limit, period) = window(quota);
        for (first, from) in permits.iter().enumerate() {
            let inside = permits[first..].iter().take_while(|to| to.at - from.at <= period);
            let granted: u32 = inside.map(|permit| permit.cost).sum();
            prop_assert!(granted <= limit, "{granted} of {limit} within {period:?}");
        }
    }

    #[test]
    fn callers_are_served_in_the_order_they_came(
        quota in prop_oneof![quotas(FASTEST), windows()], events in events(1),
    ) {
        let permits = record(quota, events).permits;
        let order: Vec<usize> = permits.iter().filter_map(|permit| permit.caller).collect();
        prop_assert!(order.is_sorted(), "{order:?}");
    }

    #[test]
    fn no_permit_is_granted_during_a_cooldown(quota in quotas(FASTEST), events in events(1)) {
        let record = record(quota, events);
        for permit in &record.permits {
            let closed = record.cooldowns.iter().find(|(from, until)| *from < permit.at && permit.at < *until);
            prop_assert!(closed.is_none(), "{permit:?} in {closed:?}");
        }
    }

    #[test]
    fn callers_that_stay_are_served_without_a_token_lost(
        quota in quotas(FASTEST),
        costs in prop::collection::vec(1..4_u32, 1..200),
        dropped in prop::collection::vec(any::<bool>(), 200),
    ) {
        let (spent, elapsed) = run(async {
            let (mut life, start) = (Life::new(vec![Limiter::new(quota)]), Instant::now());
            for cost in costs {
                life.apply(Event::Call { by: 0, cost }).await;
            }
            life.leave(dropped);
            let permits = life.finish().await.permits;
            let spent: u32 = permits.iter().map(|permit| permit.cost).sum();
            (spent, permits.last().map_or(Duration::ZERO, |permit| permit.at - start))
        });
        let paced = spent.saturating_sub(quota.burst().get());
        let ideal = quota.rate().interval() * paced;
        // A timer is due within a millisecond; what one is late does not add up.
        prop_assert!(elapsed <= ideal + SLACK, "{elapsed:?} for {spent} of {quota}, ideal {ideal:?}");
    }
}
