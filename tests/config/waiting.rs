//! Changes under 10,000 callers that wait: the order stays, each is woken once, and no more are admitted than the old and
//! the new burst hold together.

use paced::Limiter;
use proptest::prelude::*;
use test_support::life::run;

use crate::apply;
use crate::named;
use crate::quota;
use crate::turn;
use crate::waiters::Crowd;

#[tokio::test(start_paused = true)]
async fn ten_thousand_waiters_keep_their_order_and_are_woken_once() {
    let _turn = turn().await;
    let limiter = named("waiting_exact", quota("1000/s", 100));
    let mut crowd = Crowd::of(10_000, || limiter.acquire());
    assert_eq!(crowd.served.len(), 100);
    assert_eq!(crowd.run(1000).await, 1000);

    apply("[limiter.waiting_exact]\nrate = 2000\nburst = 50");
    assert_eq!(crowd.run(0).await, 0);
    assert_eq!(crowd.run(1000).await, 2000);

    // 100 tokens are used up of a bucket that now holds 300: 200 more than before.
    apply("[limiter.waiting_exact]\nrate = 500\nburst = 300");
    assert_eq!(crowd.run(0).await, 200);
    assert_eq!(crowd.run(1000).await, 500);

    // The same again changes nothing.
    for _ in 0..10 {
        apply("[limiter.waiting_exact]\nrate = 500\nburst = 300");
        apply("[limiter.waiting_exact]\nrate = 500\nburst = 1");
    }
    apply("[limiter.waiting_exact]\nrate = 500\nburst = 300");
    assert_eq!(crowd.run(0).await, 0);
    assert_eq!(crowd.run(1000).await, 500);

    apply("");
    assert_eq!(crowd.run(0).await, 0);
    assert_eq!(crowd.run(6000).await, 10_000 - 4300);
    crowd.check();
    assert_eq!(crowd.served.len(), 10_000);
    assert_eq!(crowd.wakes, 9900);
    assert_eq!(limiter.snapshot().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_waiters_of_several_limits_do_so_too() {
    let _turn = turn().await;
    let limiter = Limiter::builder(quota("1000/s", 100))
        .row("requests", quota("2000/s", 2000))
        .name("waiting_rows")
        .build()
        .expect("the name is free");
    let mut crowd = Crowd::of(10_000, || limiter.acquire());
    assert_eq!(crowd.served.len(), 100);
    assert_eq!(crowd.run(1000).await, 1000);
    apply(
        "[limiter.waiting_rows]\nlimits = { requests = [{ rate = 4000, burst = 100 }, { rate = 2000, burst = 10 }] }",
    );
    let served = crowd.run(1000).await;
    assert!((2000..=2010).contains(&served), "{served}");
    apply("[limiter.waiting_rows]\nlimits = { requests = [1000, { rate = 500, burst = 10 }] }");
    assert_eq!(crowd.run(1000).await, 500);
    apply("");
    crowd.run(10_000).await;
    crowd.check();
    assert_eq!(crowd.served.len(), 10_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_change_admits_more_than_both_bursts(
        changes in prop::collection::vec((1..2000_u32, 1..400_u32, 0..300_u64), 1..8),
    ) {
        run(async {
            let limiter = Limiter::new(quota("100/s", 50));
            let mut crowd = Crowd::of(2000, || limiter.acquire());
            let mut before = (100, 50);
            for (rate, burst, millis) in changes {
                let since = crowd.run(20).await;
                limiter.set_quota(quota(&format!("{rate}/s"), burst));
                let granted = since + crowd.run(0).await;
                let most = u64::from(before.1 + burst) + u64::from(before.0) * 20 / 1000 + 2;
                assert!(granted as u64 <= most, "{granted} are more than {most}");
                let granted = crowd.run(millis).await as u64;
                let most = u64::from(rate) * millis / 1000 + 2;
                assert!(granted <= most, "{granted} are more than {most}");
                before = (rate, burst);
            }
            crowd.check();
        });
    }
}
