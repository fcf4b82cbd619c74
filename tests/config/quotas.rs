//! A quota that is lowered and raised creates no tokens.

use core::time::Duration;

use paced::Limiter;
use paced::Quota;
use proptest::prelude::*;
use test_support::life::run;
use tokio::time::Instant;
use tokio::time::advance;

use crate::quota;

/// Tokens per second of all quotas here.
const RATE: u32 = 10;

fn of_burst(burst: u32) -> Quota {
    quota("10/s", burst)
}

/// A limiter whose quota changes, by `set_quota` or beside another limit by `set_limit`.
struct Changing {
    limiter: Limiter,
    unit: Option<&'static str>,
}

impl Changing {
    fn plain(burst: u32) -> Self {
        Self {
            limiter: Limiter::new(of_burst(burst)),
            unit: None,
        }
    }

    fn beside_another(burst: u32) -> Self {
        let limiter = Limiter::builder(quota("1000/s", 1000)).row("tokens", of_burst(burst));
        Self {
            limiter: limiter.build().expect("two limits"),
            unit: Some("tokens"),
        }
    }

    fn both(burst: u32) -> [Self; 2] {
        [Self::plain(burst), Self::beside_another(burst)]
    }

    fn change(&self, quota: Quota) {
        match self.unit {
            None => self.limiter.set_quota(quota),
            Some(unit) => self.limiter.set_limit(unit, quota).expect("the unit"),
        }
    }

    /// Takes all tokens that are there.
    fn take_all(&self) -> u32 {
        let mut taken = 0;
        while self.take(1) {
            taken += 1;
        }
        taken
    }

    fn take(&self, cost: u32) -> bool {
        match self.unit {
            None => self.limiter.try_acquire_many(cost).is_ok(),
            Some(unit) => {
                let costs = [("requests", 0), (unit, u64::from(cost))];
                self.limiter.try_acquire_costs(&costs).is_ok()
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lowering_and_raising_creates_no_tokens() {
    for changing in Changing::both(10) {
        assert_eq!(changing.take_all(), 10);
        for _ in 0..100 {
            changing.change(of_burst(3));
            changing.change(of_burst(10));
        }
        assert_eq!(changing.take_all(), 0);
        advance(Duration::from_millis(500)).await;
        assert_eq!(changing.take_all(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_smaller_bucket_is_empty_and_owes_nothing() {
    for changing in Changing::both(10) {
        assert_eq!(changing.take_all(), 10);
        changing.change(of_burst(5));
        advance(Duration::from_millis(100)).await;
        assert_eq!(changing.take_all(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_larger_bucket_has_what_is_new_in_it() {
    for changing in Changing::both(5) {
        assert_eq!(changing.take_all(), 5);
        changing.change(of_burst(8));
        assert_eq!(changing.take_all(), 3);
        changing.change(of_burst(2));
        changing.change(of_burst(8));
        assert_eq!(changing.take_all(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_time_to_fill_it_is_as_new() {
    for changing in Changing::both(10) {
        assert_eq!(changing.take_all(), 10);
        changing.change(of_burst(2));
        advance(Duration::from_millis(700)).await;
        // 200 ms fill the small bucket. What overflows for 500 ms is there again in the large one.
        changing.change(of_burst(10));
        assert_eq!(changing.take_all(), 7);
        changing.change(of_burst(2));
        advance(Duration::from_secs(1)).await;
        assert_eq!(changing.take_all(), 2);
        changing.change(of_burst(10));
        assert_eq!(changing.take_all(), 8);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slower_rate_keeps_the_tokens_that_are_used_up() {
    for changing in Changing::both(10) {
        assert_eq!(changing.take_all(), 10);
        changing.change(quota("1/s", 2));
        advance(Duration::from_secs(1)).await;
        assert_eq!(changing.take_all(), 1);
        changing.change(of_burst(10));
        assert_eq!(changing.take_all(), 0);
        advance(Duration::from_secs(1)).await;
        assert_eq!(changing.take_all(), 10);
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    Take(u32),
    Change(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..2000_u64).prop_map(Step::Wait),
        (1..12_u32).prop_map(Step::Take),
        (1..40_u32).prop_map(Step::Change),
    ];
    prop::collection::vec(step, 1..80)
}

/// Returns when how many tokens were taken.
async fn taken(changing: Changing, steps: &[Step]) -> Vec<(Duration, u32)> {
    let (start, mut taken) = (Instant::now(), Vec::new());
    for step in steps {
        match *step {
            Step::Wait(millis) => advance(Duration::from_millis(millis)).await,
            Step::Change(burst) => changing.change(of_burst(burst)),
            Step::Take(cost) if changing.take(cost) => taken.push((start.elapsed(), cost)),
            Step::Take(_) => (),
        }
    }
    taken
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_interval_holds_more_than_the_largest_burst_and_the_rate(
        steps in steps(), first in 1..40_u32, beside in any::<bool>(),
    ) {
        let changing = Changing::both(first).into_iter().nth(usize::from(beside)).expect("two of them");
        let taken = run(taken(changing, &steps));
        let bursts = steps.iter().filter_map(|step| match step {
            Step::Change(burst) => Some(*burst),
            _ => None,
        });
        let most = bursts.chain([first]).max().unwrap_or(first);
        for (at, (from, _)) in taken.iter().enumerate() {
            let mut sum = 0;
            for (to, cost) in &taken[at..] {
                sum += cost;
                let gained = to.saturating_sub(*from).as_secs_f64() * f64::from(RATE);
                prop_assert!(f64::from(sum) <= f64::from(most) + gained + 1e-6, "{sum} from {from:?} to {to:?}");
            }
        }
    }
}
