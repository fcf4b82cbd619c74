use core::num::NonZeroU32;

use super::*;

const SECOND: u64 = 1_000_000_000;
const MILLI: u64 = 1_000_000;

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(1_000 * SECOND + nanos)
}

fn guard(period: u64) -> Guard {
    Guard::new(StrictWindow {
        limit: NonZeroU32::MIN,
        period: Span::from_nanos(period),
    })
}

fn way(guard: &Guard, now: u64) -> u64 {
    guard.way(at(now)).nanos()
}

#[test]
fn the_bound_holds_until_the_first_response() {
    for (period, bound) in [
        (3600 * SECOND, 180 * SECOND),
        (60 * SECOND, 3 * SECOND),
        (10 * SECOND, SECOND),
        (SECOND, SECOND / 2),
        (100 * MILLI, 50 * MILLI),
    ] {
        let mut guard = guard(period);
        assert_eq!(way(&guard, 0), bound);
        guard.record(Some(Span::from_nanos(20 * MILLI)), at(0));
        assert_eq!(way(&guard, 0), 20 * MILLI);
        guard.record(None, at(1));
        assert_eq!(way(&guard, 2), bound, "no response counts as the bound");
    }
}

#[test]
fn the_longest_round_trip_of_a_period_counts() {
    let mut guard = guard(10 * SECOND);
    guard.record(Some(Span::from_nanos(80 * MILLI)), at(0));
    for second in 1..=15 {
        guard.record(Some(Span::from_nanos(20 * MILLI)), at(second * SECOND));
        assert_eq!(way(&guard, second * SECOND), 80 * MILLI);
    }
    guard.record(Some(Span::from_nanos(20 * MILLI)), at(20 * SECOND));
    assert_eq!(way(&guard, 20 * SECOND), 20 * MILLI);
    assert_eq!(
        way(&guard, 40 * SECOND),
        SECOND,
        "nothing is known of the last period"
    );
}

#[test]
fn a_refusal_raises_the_bound_for_ten_periods() {
    let mut guard = guard(60 * SECOND);
    guard.record(None, at(0));
    guard.refused(at(0));
    guard.record(None, at(590 * SECOND));
    assert_eq!(way(&guard, 599 * SECOND), 30 * SECOND);
    assert_eq!(way(&guard, 600 * SECOND), 3 * SECOND);
}

#[test]
fn the_rounded_time_is_a_little_longer() {
    let mut guard = guard(60 * SECOND);
    for millis in [1, 20, 90, 500, 2100, 2999] {
        guard = Guard {
            longest: [None; HALVES],
            ..guard
        };
        guard.record(Some(Span::from_nanos(millis * MILLI)), at(0));
        let exact = guard.lasts(at(0)).nanos();
        let about = guard.lasts_about(at(0)).nanos();
        assert!(
            (exact..=exact + exact / 100).contains(&about),
            "{millis}: {about}"
        );
        assert!(about <= 63 * SECOND + TIMER_SLACK);
    }
}
