use core::time::Duration;

use super::*;
use crate::hint::Hint;
use crate::hint::Window;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::row::Row;

/// 30,000 tokens a minute, all of which may go at once.
const DECLARED: Shape = Shape {
    interval: Span::from_millis(2),
    capacity: Span::from_secs(60),
};

const fn at(millis: u64) -> Instant {
    Instant::EPOCH.after(Span::from_millis(millis))
}

/// A response about 30,000 tokens.
fn tokens(remaining: f64, reset_millis: Option<u64>) -> Hint {
    let window = Window::new().with_name("tokens").with_unit("tokens");
    let window = window.with_limit(30_000.0).with_remaining(remaining);
    let window = match reset_millis {
        Some(millis) => window.with_reset_after(Duration::from_millis(millis)),
        None => window,
    };
    // The same window twice, so that the list is read and not the hint.
    Hint::new().with_windows(vec![window.clone(), window])
}

/// A response about tokens without a limit.
fn unlimited(remaining: f64, reset_millis: u64) -> Hint {
    let window = Window::new().with_name("tokens").with_unit("tokens");
    let window = window.with_remaining(remaining);
    let window = window.with_reset_after(Duration::from_millis(reset_millis));
    Hint::new().with_windows(vec![window.clone(), window])
}

struct Heard {
    sent: Instant,
    received: Instant,
    cost: u64,
    taken_since: u64,
}

const fn heard(sent_millis: u64, received_millis: u64) -> Heard {
    Heard {
        sent: at(sent_millis),
        received: at(received_millis),
        cost: 1000,
        taken_since: 0,
    }
}

fn hear(row: &mut RowLearning, hint: &Hint, heard: &Heard) -> RowAssessment {
    let quota = Quota::new(Rate::parse("30000/min").expect("a rate"));
    let rows = [Row::new("", quota), Row::new("tokens", quota)];
    let observation = Observation {
        hint,
        sent: heard.sent,
        received: heard.received,
        below: 0.1,
        longest: Span::from_secs(3600),
    };
    let used = RowUse {
        declared: DECLARED,
        left: None,
        cost: heard.cost,
        taken_since: heard.taken_since,
    };
    let assessment = row.hear(&Routes::of(hint, &rows), 1, &observation, &used);
    row.age(heard.received);
    assessment
}

#[test]
fn nothing_heard_needs_no_memory_and_restricts_nothing() {
    let row = RowLearning::NOTHING;
    assert!(row.ages_at().is_none());
    assert_eq!(row.windows.capacity(), 0);
    assert_eq!(size_of::<RowLearning>(), 24);
    assert_eq!(row.earliest(7, 1000, at(5)), at(5));
    assert_eq!(row.tighten(DECLARED), DECLARED);
    assert_eq!((row.ages_at(), row.available(at(5))), (None, None));
}

#[test]
fn what_is_left_of_a_window_less_what_was_sent_since_is_not_exceeded() {
    let mut row = RowLearning::NOTHING;
    let told = Heard {
        taken_since: 2000,
        ..heard(0, 100)
    };
    let assessment = hear(&mut row, &tokens(5000.0, Some(30_000)), &told);
    assert_eq!(assessment, RowAssessment::default());
    assert_eq!(row.available(at(100)), Some(3000));
    assert_eq!(row.earliest(0, 3000, at(100)), at(100));
    assert_eq!(row.earliest(0, 3001, at(100)), at(30_100));
    assert_eq!(row.earliest(1500, 1501, at(100)), at(30_100));
    row.take(1000, at(100));
    assert_eq!(row.earliest(0, 2001, at(200)), at(30_100));
    row.give_back(1000);
    assert_eq!(row.earliest(0, 2001, at(200)), at(200));
    assert_eq!(row.ages_at(), Some(at(30_100)));
    assert!(!row.age(at(30_099)));
    assert!(row.age(at(30_100)) && row.ages_at().is_none());
}

#[test]
fn a_call_with_a_cost_of_zero_waits_for_nothing() {
    let mut row = RowLearning::NOTHING;
    hear(&mut row, &tokens(0.0, Some(30_000)), &heard(0, 0));
    assert_eq!(row.earliest(0, 0, at(1)), at(1));
    assert_eq!(row.closed_until(), Some(at(30_000)));
}

#[test]
fn an_exhausted_window_closes_the_row_until_its_reset_and_not_for_longer_than_allowed() {
    let mut row = RowLearning::NOTHING;
    let assessment = hear(&mut row, &tokens(0.0, Some(30_000)), &heard(0, 100));
    assert_eq!(assessment.closed_until, Some(at(30_100)));
    assert_eq!(row.earliest(0, 1, at(100)), at(30_100));

    let mut row = RowLearning::NOTHING;
    hear(&mut row, &tokens(0.0, Some(u64::MAX / 2)), &heard(0, 0));
    assert_eq!(row.earliest(0, 1, at(0)), at(3_600_000));
}

#[test]
fn a_scarce_rest_is_spread_by_the_calls_that_use_it_up() {
    let mut row = RowLearning::NOTHING;
    let assessment = hear(&mut row, &tokens(2000.0, Some(30_000)), &heard(0, 0));
    assert!(assessment.scarce);
    // Two calls like the answered one, in equal distances from it and from the end.
    assert_eq!(
        row.pace().map(|pace| pace.interval),
        Some(Span::from_millis(10))
    );
    assert_eq!(row.earliest(0, 1000, at(0)), at(10_000));
    row.take(1000, at(10_000));
    assert_eq!(row.earliest(0, 1000, at(10_000)), at(20_000));
    row.take(1000, at(20_000));
    assert_eq!(row.earliest(0, 1, at(20_000)), at(30_000));
    let slow = row.tighten(DECLARED);
    assert_eq!(slow.interval, Span::from_millis(10));
    assert_eq!(
        slow.capacity / slow.interval,
        DECLARED.capacity / DECLARED.interval
    );
}

#[test]
fn a_rest_that_the_declared_rate_does_not_use_up_is_not_spread() {
    let mut row = RowLearning::NOTHING;
    assert!(!hear(&mut row, &tokens(2000.0, Some(4000)), &heard(0, 0)).scarce);
    assert_eq!(row.earliest(0, 2000, at(0)), at(0));
    assert_eq!(row.tighten(DECLARED), DECLARED);
}

#[test]
fn of_two_responses_about_one_window_the_smaller_rest_counts() {
    let mut row = RowLearning::NOTHING;
    hear(&mut row, &tokens(5000.0, Some(30_000)), &heard(0, 10));
    // Sent at the same time, and answered later.
    hear(&mut row, &tokens(6000.0, Some(30_000)), &heard(0, 20));
    assert_eq!(row.available(at(20)), Some(5000));
    hear(&mut row, &tokens(4000.0, Some(29_970)), &heard(30, 40));
    assert_eq!(row.available(at(40)), Some(4000));
    // The next window.
    hear(
        &mut row,
        &tokens(29_000.0, Some(60_000)),
        &heard(31_000, 31_010),
    );
    assert_eq!(row.available(at(31_010)), Some(29_000));
}

#[test]
fn a_response_about_the_window_before_changes_nothing() {
    let mut row = RowLearning::NOTHING;
    hear(&mut row, &tokens(5000.0, Some(1000)), &heard(0, 10));
    hear(
        &mut row,
        &tokens(29_000.0, Some(60_000)),
        &heard(1100, 1110),
    );
    hear(&mut row, &tokens(0.0, Some(500)), &heard(500, 1200));
    assert_eq!(row.available(at(1200)), Some(29_000));
}

#[test]
fn an_end_that_has_passed_meanwhile_closes_nothing() {
    let mut row = RowLearning::NOTHING;
    hear(&mut row, &tokens(9000.0, Some(2000)), &heard(0, 0));
    hear(&mut row, &tokens(0.0, Some(100)), &heard(1900, 2100));
    assert_eq!(row.earliest(0, 1, at(2100)), at(2100));
}

#[test]
fn times_to_full_are_those_of_a_bucket_which_refills_meanwhile() {
    let mut row = RowLearning::NOTHING;
    // Half the declared rate: 4 ms for each token.
    for used in [1000_u32, 3000, 28_000] {
        let hint = tokens(f64::from(30_000 - used), Some(u64::from(used) * 4));
        hear(&mut row, &hint, &heard(0, 100));
    }
    // 2,000 were left at the instant that corresponds to 0, and 25 have come back since.
    assert_eq!(row.available(at(100)), Some(2025));
    assert_eq!(row.earliest(0, 2000, at(100)), at(100));
    assert_eq!(row.earliest(0, 2525, at(100)), at(2100));
    assert_eq!(row.tighten(DECLARED).interval, Span::from_millis(4));
    row.take(2025, at(100));
    assert_eq!(row.earliest(500, 500, at(100)), at(4100));
}

#[test]
fn in_a_bucket_what_was_sent_since_is_used_too() {
    let mut row = RowLearning::NOTHING;
    for used in [1000_u32, 3000] {
        let hint = tokens(f64::from(30_000 - used), Some(u64::from(used) * 4));
        hear(&mut row, &hint, &heard(0, 0));
    }
    let told = Heard {
        taken_since: 500,
        ..heard(0, 100)
    };
    hear(&mut row, &tokens(2000.0, Some(28_000 * 4)), &told);
    assert_eq!(row.available(at(100)), Some(1525));
}

#[test]
fn a_rest_without_a_reset_bounds_a_bucket_that_drains_at_the_declared_rate() {
    let mut row = RowLearning::NOTHING;
    let told = Heard {
        taken_since: 100,
        ..heard(0, 100)
    };
    hear(&mut row, &tokens(700.0, None), &told);
    // 50 tokens have come back since.
    assert_eq!(row.available(at(100)), Some(650));
    assert_eq!(row.earliest(0, 750, at(100)), at(300));
    assert_eq!(row.pace(), None);
    // Another user of the same key.
    hear(&mut row, &tokens(10.0, None), &heard(200, 300));
    assert_eq!(row.available(at(300)), Some(60));
}

#[test]
fn a_rest_without_a_limit_counts_until_its_reset() {
    let mut row = RowLearning::NOTHING;
    let assessment = hear(&mut row, &unlimited(0.0, 64_000), &heard(0, 0));
    assert_eq!(assessment.closed_until, Some(at(64_000)));
    let mut row = RowLearning::NOTHING;
    hear(&mut row, &unlimited(300.0, 64_000), &heard(0, 0));
    assert_eq!(row.earliest(0, 300, at(0)), at(0));
    assert_eq!(row.earliest(0, 301, at(0)), at(64_000));
    // A reset of zero, and a reset alone, say nothing.
    let mut row = RowLearning::NOTHING;
    hear(&mut row, &unlimited(0.0, 0), &heard(0, 0));
    assert!(row.ages_at().is_none());
}

#[test]
fn a_refusal_ends_what_was_only_guessed() {
    let mut row = RowLearning::NOTHING;
    hear(&mut row, &tokens(5000.0, Some(30_000)), &heard(0, 0));
    row.doubt();
    assert!(row.ages_at().is_none());
    for millis in [0_u64, 2000] {
        let left = 20_000.0 - f64::from(u32::try_from(millis).expect("small"));
        let hint = tokens(left, Some(30_001 - millis));
        hear(&mut row, &hint, &heard(millis, millis));
    }
    row.doubt();
    assert_eq!(row.available(at(2000)), Some(18_000));
}

#[test]
fn windows_of_any_number_are_followed_by_few() {
    let mut row = RowLearning::NOTHING;
    for n in 0..100_u64 {
        let window = Window::new().with_name(format!("tokens-{n}"));
        let window = window.with_unit("tokens").with_limit(9000.0);
        let window = window.with_remaining(9.0);
        let window = window.with_reset_after(Duration::from_secs(60));
        let hint = Hint::new().with_windows(vec![window.clone(), window]);
        hear(&mut row, &hint, &heard(n, n));
    }
    assert_eq!(row.windows.len(), MOST);
}
