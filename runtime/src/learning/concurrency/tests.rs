//! A bound that is found by refusals.

use super::*;

fn at(millis: u64) -> Instant {
    Instant::EPOCH.after(Span::from_millis(1_000_000 + millis))
}

/// Of 1,000 tokens per second.
const DECLARED: (Span, Span) = (Span::from_millis(1), Span::from_secs(1));

fn limit(limit: &ConcurrencyLimit) -> Option<u32> {
    limit.limit().map(NonZeroU32::get)
}

fn plain(sent: Instant) -> RefusedCall {
    RefusedCall {
        sent,
        by_concurrency: false,
        by_window: false,
    }
}

/// Sends calls, one each millisecond from `from` on, until `most` are in flight.
fn fill(limit: &mut ConcurrencyLimit, most: u32, first: u64) {
    for in_flight in 1..=most {
        limit.sent(in_flight, 1, DECLARED, at(first + u64::from(in_flight)));
    }
}

#[test]
fn there_is_no_bound_before_the_first_refusal() {
    let mut auto = ConcurrencyLimit::new(None, None);
    fill(&mut auto, 100, 0);
    assert_eq!(limit(&auto), None);
    auto.passed(100);
    assert_eq!(limit(&auto), None);
}

#[test]
fn a_start_is_the_first_bound() {
    let of = NonZeroU32::new;
    assert_eq!(limit(&ConcurrencyLimit::new(of(8), of(200))), Some(8));
    assert_eq!(limit(&ConcurrencyLimit::new(of(8), of(5))), Some(5));
    assert_eq!(limit(&ConcurrencyLimit::new(None, of(200))), Some(200));
}

#[test]
fn a_refusal_leaves_three_quarters_of_what_was_in_flight() {
    let mut auto = ConcurrencyLimit::new(None, None);
    fill(&mut auto, 20, 0);
    assert_eq!(auto.refused(plain(at(20)), at(30)), Cause::Concurrency);
    assert_eq!(limit(&auto), Some(15));
}

#[test]
fn calls_that_were_sent_before_the_cut_do_not_cut_again() {
    let mut auto = ConcurrencyLimit::new(None, None);
    fill(&mut auto, 20, 0);
    for sent in [20, 19, 18] {
        assert_eq!(auto.refused(plain(at(sent)), at(30)), Cause::Concurrency);
    }
    assert_eq!(limit(&auto), Some(15));
    fill(&mut auto, 15, 40);
    assert_eq!(auto.refused(plain(at(55)), at(60)), Cause::Concurrency);
    assert_eq!(limit(&auto), Some(11));
}

#[test]
fn a_round_of_passes_at_the_bound_raises_it_by_one() {
    let mut auto = ConcurrencyLimit::new(NonZeroU32::new(4), NonZeroU32::new(5));
    for _ in 0..100 {
        auto.passed(3);
    }
    assert_eq!(limit(&auto), Some(4), "it was not reached");
    (0..3).for_each(|_| auto.passed(4));
    assert_eq!(limit(&auto), Some(4));
    auto.passed(4);
    assert_eq!(limit(&auto), Some(5));
    (0..100).for_each(|_| auto.passed(5));
    assert_eq!(limit(&auto), Some(5), "the highest");
}

#[test]
fn the_number_that_was_refused_last_is_tried_later() {
    let mut auto = ConcurrencyLimit::new(None, None);
    fill(&mut auto, 4, 0);
    auto.refused(plain(at(4)), at(10));
    assert_eq!(limit(&auto), Some(3));
    (0..47).for_each(|_| auto.passed(3));
    assert_eq!(limit(&auto), Some(3));
    auto.passed(3);
    assert_eq!(limit(&auto), Some(4));
    (0..4).for_each(|_| auto.passed(4));
    assert_eq!(limit(&auto), Some(5), "as many have passed");
}

#[test]
fn each_refusal_has_one_cause() {
    let mut auto = ConcurrencyLimit::new(None, None);
    fill(&mut auto, 10, 0);
    let named = RefusedCall {
        by_concurrency: true,
        ..plain(at(3))
    };
    let used_up = RefusedCall {
        by_window: true,
        ..plain(at(10))
    };
    assert_eq!(auto.refused(used_up, at(20)), Cause::Rate);
    assert_eq!(limit(&auto), None);
    assert_eq!(
        auto.refused(plain(at(5)), at(20)),
        Cause::Rate,
        "not at the peak"
    );
    assert_eq!(auto.refused(named, at(20)), Cause::Concurrency);
    assert_eq!(limit(&auto), Some(2), "3 were in flight");
}

#[test]
fn a_refusal_at_the_declared_rate_is_for_the_rate() {
    let mut auto = ConcurrencyLimit::new(None, None);
    fill(&mut auto, 950, 0);
    assert_eq!(auto.refused(plain(at(950)), at(950)), Cause::Rate);
    assert_eq!(limit(&auto), None);
}

#[test]
fn a_call_alone_is_refused_for_the_rate() {
    let mut auto = ConcurrencyLimit::new(None, None);
    fill(&mut auto, 1, 0);
    assert_eq!(auto.refused(plain(at(1)), at(2)), Cause::Rate);
    auto.sent(1, 1, DECLARED, at(10));
    let named = RefusedCall {
        by_concurrency: true,
        ..plain(at(10))
    };
    auto.refused(named, at(20));
    assert_eq!(limit(&auto), Some(1), "never below");
}

#[test]
fn old_samples_are_remembered_less_exactly() {
    let mut history = History::new();
    for in_flight in 1..=1000 {
        history.record(in_flight, at(u64::from(in_flight)));
    }
    assert_eq!(history.at(at(1000)), 1000);
    assert_eq!(history.at(at(990)), 990);
    assert!(history.at(at(10)) < 1000, "the oldest that is remembered");
    assert_eq!(history.peak, 1000);
}

#[test]
fn a_bound_is_forgotten_long_after_the_last_call() {
    let mut bound = ConcurrencyLimit::new(None, None);
    bound.sent(8, 1, DECLARED, at(0));
    assert!(bound.is_forgotten(at(0)), "there is none");
    let refused = RefusedCall {
        by_concurrency: true,
        ..plain(at(0))
    };
    assert_eq!(bound.refused(refused, at(1)), Cause::Concurrency);
    assert!(!bound.is_forgotten(at(1)));
    bound.sent(1, 1, DECLARED, at(900_000));
    assert!(!bound.is_forgotten(at(1_499_999)));
    assert!(bound.is_forgotten(at(1_500_000)));
}
