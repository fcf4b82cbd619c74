//! The envelope, the order and the throughput of a limiter under arbitrary use, on paused time.

use core::time::Duration;

use paced::Limiter;
use paced::Quota;
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
    fn callers_are_served_in_the_order_they_came(quota in quotas(FASTEST), events in events(1)) {
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
