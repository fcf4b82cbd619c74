use core::num::NonZeroU32;

use super::*;

const fn ms(millis: u64) -> Span {
    Span::from_millis(millis)
}

/// Returns the instant this many milliseconds after the start.
fn at(millis: u64) -> Instant {
    Instant::from_nanos(1_000_000_000_000).after(ms(millis))
}

fn guard(period: Span) -> Guard {
    Guard::new(StrictWindow {
        limit: NonZeroU32::MIN,
        period,
    })
}

/// Returns the way as it is known this many milliseconds after the start.
fn way(guard: &Guard, millis: u64) -> Span {
    guard.way(at(millis))
}

#[test]
fn the_bound_holds_until_the_first_response() {
    for (period, bound) in [
        (3_600_000, 180_000),
        (60_000, 3_000),
        (10_000, 1_000),
        (1_000, 500),
        (100, 50),
    ] {
        let mut guard = guard(ms(period));
        assert_eq!(way(&guard, 0), ms(bound));
        guard.record(Some(ms(20)), at(0));
        assert_eq!(way(&guard, 0), ms(20));
        guard.record(None, at(1));
        assert_eq!(way(&guard, 2), ms(bound), "no response counts as the bound");
    }
}

#[test]
fn the_longest_round_trip_of_a_period_counts() {
    let mut guard = guard(ms(10_000));
    guard.record(Some(ms(80)), at(0));
    for second in 1..=15 {
        guard.record(Some(ms(20)), at(second * 1_000));
        assert_eq!(way(&guard, second * 1_000), ms(80));
    }
    guard.record(Some(ms(20)), at(20_000));
    assert_eq!(way(&guard, 20_000), ms(20));
    assert_eq!(
        way(&guard, 40_000),
        ms(1_000),
        "nothing is known of the last period"
    );
}

#[test]
fn a_refusal_raises_the_bound_for_ten_periods() {
    let mut guard = guard(ms(60_000));
    guard.record(None, at(0));
    guard.refused(at(0));
    guard.record(None, at(590_000));
    assert_eq!(way(&guard, 599_999), ms(30_000));
    assert_eq!(way(&guard, 600_000), ms(3_000));
}

#[test]
fn the_rounded_time_is_a_little_longer() {
    for millis in [1, 20, 90, 500, 2_100, 2_999] {
        let mut guard = guard(ms(60_000));
        guard.record(Some(ms(millis)), at(0));
        let (exact, about) = (guard.lasts(at(0)), guard.lasts_about(at(0)));
        let most = exact.plus(ms(600)).min(ms(63_000).plus(TIMER_SLACK));
        assert!((exact..=most).contains(&about), "{millis}: {about:?}");
    }
}
