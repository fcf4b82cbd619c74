//! Settlements under arbitrary use, on paused time: buckets that count what requests really took are never overdrawn.
//!
//! `PROPTEST_CASES=100000 cargo test -p integration-tests --test settling` runs as many cases; 256 by default.

mod actual_use;
mod crowd;
mod debts;
mod model;
mod out_of_order;
mod world;

use core::num::NonZeroU32;

use paced::Quota;
use paced::Rate;
use proptest::prelude::*;
use test_support::life::run;

use crate::model::Declared;
use crate::world::Event;
use crate::world::Outcome;
use crate::world::Record;
use crate::world::World;

/// Quotas of a second's or of a minute's tokens.
fn quotas() -> impl Strategy<Value = Declared> {
    let rates = prop_oneof![1 => 1..50_u32, 2 => 50..1_000_u32, 4 => 40_000..1_000_000_u32];
    (rates, any::<bool>(), 3..400_u32).prop_map(|(count, per_minute, burst)| {
        let count = NonZeroU32::new(count).unwrap();
        let rate = if per_minute {
            Rate::per_minute(count)
        } else {
            Rate::per_second(count)
        };
        let quota = Quota::new(rate).with_burst(NonZeroU32::new(burst).unwrap());
        let count = count.get();
        Declared { quota, count }
    })
}

/// Outcomes of calls: most take less than their cost, some more, some are not counted at all.
/// `gives_back`: calls may take less than their cost.
fn outcomes(gives_back: bool) -> impl Strategy<Value = Outcome> {
    let least = if gives_back { 0 } else { 100 };
    let tokens = prop_oneof![
        6 => (least..=100_u64).prop_map(Some),
        2 => (100..300_u64).prop_map(Some),
        1 => Just(None),
    ];
    (
        tokens,
        prop::bool::weighted(if gives_back { 0.2 } else { 0.0 }),
        0..3_000_u64,
    )
        .prop_map(|(share, refunded, millis)| Outcome {
            share,
            refunded,
            millis,
        })
}

/// Events, `changes` of 25 of which change a quota.
fn events(changes: u32, gives_back: bool) -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => (1..300_u64, outcomes(gives_back)).prop_map(|(cost, outcome)| Event::Call { cost, outcome }),
        2 => (1..300_u64, outcomes(gives_back)).prop_map(|(cost, outcome)| Event::Try { cost, outcome }),
        3 => (0..8_usize).prop_map(|nth| Event::Drop { nth }),
        1 => (1..2_000_u64).prop_map(|millis| Event::Pause { millis }),
        changes => (prop::bool::weighted(0.3), quotas())
            .prop_map(|(of_requests, quota)| Event::SetQuota { of_requests, quota }),
        6 => prop_oneof![0..5_000_u64, 0..3_000_000_u64].prop_map(|micros| Event::Pass { micros }),
    ];
    prop::collection::vec(event, 1..60)
}

fn lived(requests: Declared, tokens: Declared, events: Vec<Event>, exact: f64) -> Record {
    run(async {
        let mut world = World::new(requests, tokens, exact);
        for event in events {
            world.apply(event).await;
        }
        world.finish().await
    })
}

proptest! {
    /// Debts alone.
    #[test]
    fn buckets_are_never_overdrawn_by_calls_that_take_their_cost_or_more(
        requests in quotas(), tokens in quotas(), events in events(0, false),
    ) {
        let record = lived(requests, tokens, events, 1e-3);
        prop_assert!(record.faults.is_empty(), "{:#?}", record.faults);
        prop_assert!(record.order.is_sorted(), "{:?}", record.order);
    }

    /// Of 203 tokens and 117 in a second: 108 are taken at 0 ms and given back at 924 ms, 104 are taken at 77 ms, and 199 at
    /// 924 ms. A bucket that counts actual use is full until 77 ms, and holds 198 then.
    #[test]
    fn buckets_that_count_actual_use_are_never_overdrawn(
        requests in quotas(), tokens in quotas(), events in events(0, true),
    ) {
        let record = lived(requests, tokens, events, 1e-3);
        prop_assert!(record.faults.is_empty(), "{:#?}", record.faults);
        prop_assert!(record.order.is_sorted(), "{:?}", record.order);
    }

    /// A change of the quota rounds to whole tokens.
    #[test]
    fn changes_of_the_quota_overdraw_no_bucket_and_forget_no_debt(
        requests in quotas(), tokens in quotas(), events in events(1, true),
    ) {
        let record = lived(requests, tokens, events, 1.0);
        prop_assert!(record.faults.is_empty(), "{:#?}", record.faults);
        prop_assert!(record.order.is_sorted(), "{:?}", record.order);
    }
}
