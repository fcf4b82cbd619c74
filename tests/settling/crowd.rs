//! Callers of two rows at once, both of which have more callers than permits.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use test_support::short::quota;
use test_support::short::secs;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::timeout;

const CALLERS: usize = 22;

const BOTH: &[(&str, u64)] = &[("a", 1), ("b", 1)];
const ONE: [&[(&str, u64)]; 2] = [&[("requests", 0), ("a", 1)], &[("requests", 0), ("b", 1)]];

/// A wait: its costs, its beginning, and its end.
type Wait = (&'static [(&'static str, u64)], Instant, Option<Instant>);

/// Returns the waits of 20 seconds, in the order in which they began.
async fn crowd(others: usize) -> Vec<Wait> {
    let unlimited = quota(1_000_000.0, 1_000_000);
    let limiter = Limiter::builder(unlimited)
        .row("a", quota(50.0, 1))
        .row("b", quota(50.0, 1));
    let limiter = limiter.build().expect("three limits");
    let waits = Arc::new(Mutex::new(Vec::<Wait>::new()));
    let mut callers = JoinSet::new();
    let both = core::iter::repeat_n(BOTH, CALLERS);
    for costs in both.chain(ONE.into_iter().cycle().take(2 * others)) {
        let (limiter, waits) = (limiter.clone(), Arc::clone(&waits));
        callers.spawn(async move {
            loop {
                let nth = {
                    let mut waits = waits.lock().unwrap();
                    waits.push((costs, Instant::now(), None));
                    waits.len() - 1
                };
                limiter.acquire_costs(costs).await.expect("a permit");
                waits.lock().unwrap()[nth].2 = Some(Instant::now());
            }
        });
    }
    let _ = timeout(secs(20), callers.join_all()).await;
    waits.lock().unwrap().clone()
}

fn granted(waits: &[Wait], costs: &[(&str, u64)]) -> usize {
    let of_these = waits.iter().filter(|(of, ..)| *of == costs);
    of_these.filter(|(_, _, granted)| granted.is_some()).count()
}

/// Checks that callers were served in the order in which they came. Returns the longest wait.
fn in_order(waits: &[Wait]) -> Duration {
    let ends: Vec<_> = waits.iter().map(|(_, _, granted)| *granted).collect();
    let served = ends.partition_point(Option::is_some);
    assert!(
        ends[served..].iter().all(Option::is_none),
        "a caller was passed"
    );
    assert!(ends[..served].is_sorted(), "a caller was passed");
    let all = waits[..served].iter();
    let longest = all.filter_map(|(_, begun, granted)| Some((*granted)? - *begun));
    longest.max().expect("some")
}

#[tokio::test(start_paused = true)]
async fn callers_of_two_saturated_rows_get_all_of_the_tighter_one_in_order() {
    let waits = crowd(0).await;
    let both = granted(&waits, BOTH);
    assert!((990..=1001).contains(&both), "{both} of 1001");
    let longest = in_order(&waits);
    println!("{both} permits of 1001, longest wait {longest:?}");
    assert!(longest <= Duration::from_millis(450), "{longest:?}");
}

#[tokio::test(start_paused = true)]
async fn callers_of_one_of_the_rows_starve_none_of_both() {
    let waits = crowd(4).await;
    let both = granted(&waits, BOTH);
    let rows = ONE.map(|row| both + granted(&waits, row));
    let longest = in_order(&waits);
    println!("{both} permits of both, {rows:?} of each of 1001, longest wait {longest:?}");
    assert!(rows.iter().all(|row| *row >= 981), "{rows:?} of 1001");
    assert!(longest <= Duration::from_millis(600), "{longest:?}");
}
