use core::time::Duration;

use super::*;
use crate::hint::Hint;
use crate::time::Span;

const HOUR: Span = Span::from_secs(3600);

/// Ten per second with a burst of ten.
const DECLARED: Shape = Shape {
    interval: Span::from_millis(100),
    capacity: Span::from_secs(1),
};

/// Returns the instant this many milliseconds after the epoch.
const fn at(millis: u64) -> Instant {
    Instant::EPOCH.after(Span::from_millis(millis))
}

fn rate(learnt: &Learnt) -> f64 {
    let interval = Duration::from(learnt.tighten(learnt.share_of(DECLARED)).interval);
    1.0 / interval.as_secs_f64()
}

fn window(remaining: f64, limit: f64, seconds: u64) -> Hint {
    let hint = Hint::new().with_remaining(remaining).with_limit(limit);
    hint.with_reset_after(Duration::from_secs(seconds))
}

/// Returns the consequences of a hint whose call was sent and answered at `now`.
fn hear(learnt: &mut Learnt, hint: &Hint, now: Instant) -> Assessment {
    hear_after(learnt, hint, now, now)
}

/// Returns the consequences of a hint whose call was sent at `sent`, and answered at `received`.
fn hear_after(learnt: &mut Learnt, hint: &Hint, sent: Instant, received: Instant) -> Assessment {
    let heard = Observation {
        hint,
        sent,
        received,
        below: 0.1,
        longest: HOUR,
    };
    learnt.hear(&heard, None)
}

#[test]
fn nothing_learnt_changes_nothing() {
    assert_eq!(
        Learnt::NOTHING.tighten(Learnt::NOTHING.share_of(DECLARED)),
        DECLARED
    );
    assert!(Learnt::NOTHING.is_nothing());
}

#[test]
fn refusals_of_what_was_sent_before_the_last_one_are_no_news() {
    let mut learnt = Learnt::NOTHING;
    assert!(learnt.refused(at(0), at(1000)));
    assert!(!learnt.refused(at(500), at(2000)));
    assert!(learnt.refused(at(3000), at(4000)));
    assert_eq!(learnt.strikes(), 2);
}

#[test]
fn the_share_is_cut_to_what_was_let_through() {
    let mut learnt = Learnt::NOTHING;
    learnt.refused(at(0), at(1000));
    learnt.cut(at(10000), true, DECLARED);
    assert!(
        (rate(&learnt) - 10.0).abs() < 1e-6,
        "the first one may be an accident"
    );
    for n in 0..20 {
        learnt.passed(
            at(10_000) + Span::from_nanos(n),
            false,
            at(10_000) + Span::from_nanos(n),
        );
    }
    learnt.refused(at(13000), at(13000));
    learnt.cut(at(14000), true, DECLARED);
    // Twenty calls in the four seconds from one reopening to the next.
    assert!((rate(&learnt) - 5.0).abs() < 0.1, "{}", rate(&learnt));
}

#[test]
fn a_refusal_after_almost_everything_passed_slows_down_a_little() {
    let mut learnt = Learnt::NOTHING;
    learnt.begin(at(1000));
    // Ten at once, and ten per second, for four seconds.
    for _ in 0..49 {
        learnt.passed(at(1000), false, at(1000));
    }
    learnt.refused(at(5000), at(5000));
    learnt.cut(at(6000), false, DECLARED);
    assert!((rate(&learnt) - 9.0).abs() < 0.01, "{}", rate(&learnt));
}

#[test]
fn a_refusal_without_a_hint_always_slows_down() {
    let mut learnt = Learnt::NOTHING;
    learnt.refused(at(0), at(0));
    learnt.cut(at(1000), false, DECLARED);
    assert!(rate(&learnt) < 10.0);
}

#[test]
fn the_share_grows_back_while_calls_pass_and_is_forgotten() {
    let mut learnt = Learnt::NOTHING;
    learnt.refused(at(0), at(0));
    learnt.cut(at(1000), false, DECLARED);
    let before = rate(&learnt);
    learnt.passed(at(2000), false, at(11000));
    assert!(rate(&learnt) > before);
    learnt.passed(at(2000), false, at(101_000));
    assert_eq!(learnt.tighten(learnt.share_of(DECLARED)), DECLARED);
    assert!(learnt.is_nothing());
}

#[test]
fn no_run_of_refusals_stops_a_limiter() {
    let mut learnt = Learnt::NOTHING;
    for second in 1..1000 {
        let now = at(1000 * second);
        learnt.passed(now, false, now);
        learnt.refused(now, now);
        learnt.cut(now, false, DECLARED);
    }
    assert!(rate(&learnt) >= 10.0 * 0.001 * 0.99, "{}", rate(&learnt));
}

#[test]
fn a_scarce_window_is_spread_until_its_reset_and_no_longer() {
    let mut learnt = Learnt::NOTHING;
    assert!(hear(&mut learnt, &window(4.0, 100.0, 8), at(0)).scarce);
    let spread = Shape {
        interval: Span::from_secs(2),
        capacity: Span::from_secs(2),
    };
    assert_eq!(learnt.tighten(learnt.share_of(DECLARED)), spread);
    assert_eq!(learnt.ages_at(), Some(at(8000)));
    assert!(!learnt.age(at(8000) - Span::SHORTEST));
    assert!(learnt.age(at(8000)));
    assert_eq!(learnt.tighten(learnt.share_of(DECLARED)), DECLARED);
}

#[test]
fn of_two_answers_about_one_window_the_smaller_count_holds() {
    let mut learnt = Learnt::NOTHING;
    hear(&mut learnt, &window(1.0, 100.0, 8), at(0));
    assert!(hear(&mut learnt, &window(50.0, 100.0, 8), at(0)).scarce);
    assert_eq!(
        learnt.tighten(learnt.share_of(DECLARED)).interval,
        Span::from_secs(8)
    );
    // The window after it.
    assert!(hear(&mut learnt, &window(50.0, 100.0, 8), at(9000)).is_clear());
    assert!(learnt.is_nothing());
}

#[test]
fn no_window_is_believed_for_longer_than_allowed() {
    let mut learnt = Learnt::NOTHING;
    let assessment = hear(&mut learnt, &window(0.0, 100.0, u64::MAX), at(0));
    assert_eq!(assessment.closed_until, Some(at(0) + HOUR));
    hear(&mut learnt, &window(1.0, 1e300, u64::MAX), at(0));
    assert_eq!(learnt.tighten(learnt.share_of(DECLARED)).interval, HOUR);
}

#[test]
fn a_window_is_measured_by_what_it_held_until_it_opened_again() {
    let mut learnt = Learnt::NOTHING;
    learnt.begin(at(1000));
    for _ in 0..4 {
        learnt.passed(at(1000), false, at(1000));
    }
    assert!(learnt.refused(at(1000), at(1000)));
    learnt.cut(at(2000), false, DECLARED);
    assert!((rate(&learnt) - 7.0).abs() < 0.01, "{}", rate(&learnt));
    assert!(learnt.refused(at(2000), at(2000)));
    learnt.cut(at(3000), false, DECLARED);
    // A window of four calls in two seconds, with a refused probe in between: three evenly, and one at the edge.
    assert!((rate(&learnt) - 1.5).abs() < 0.01, "{}", rate(&learnt));
}

#[test]
fn a_measured_share_stays_where_it_is_before_it_grows() {
    let mut learnt = Learnt::NOTHING;
    learnt.begin(at(1000));
    learnt.passed(at(1000), false, at(1000));
    learnt.refused(at(1000), at(1000));
    learnt.refused(at(1000) + Span::SHORTEST, at(1000) + Span::SHORTEST);
    learnt.cut(at(2000), false, DECLARED);
    let cut = rate(&learnt);
    learnt.passed(at(2000), false, at(12000));
    assert!(rate(&learnt) < cut * 1.02, "{}", rate(&learnt));
    learnt.passed(at(2000), false, at(102_000));
    assert!(rate(&learnt) > 9.99, "{}", rate(&learnt));
}

#[test]
fn whole_seconds_do_not_put_off_a_reset() {
    let mut learnt = Learnt::NOTHING;
    hear(&mut learnt, &window(9.0, 10.0, 2), at(0));
    // The response arrives just before the reset, within its last rounded second.
    let assessment = hear(&mut learnt, &window(0.0, 10.0, 1), at(1500));
    assert_eq!(assessment.closed_until, Some(at(2000)));
}

#[test]
fn a_reset_that_is_put_off_for_longer_is_believed() {
    let mut learnt = Learnt::NOTHING;
    hear(&mut learnt, &window(9.0, 10.0, 2), at(0));
    let assessment = hear(&mut learnt, &window(0.0, 10.0, 60), at(1000));
    assert_eq!(assessment.closed_until, Some(at(61000)));
}

#[test]
fn a_server_that_gives_back_bit_by_bit_is_not_waited_for_until_its_reset() {
    let mut learnt = Learnt::NOTHING;
    hear(&mut learnt, &window(9.0, 10.0, 1), at(0));
    let later = at(2000);
    let assessment = hear(&mut learnt, &window(0.0, 10.0, 2), later);
    // Ten calls come back in two seconds.
    assert!(assessment.scarce);
    assert_eq!(assessment.refills_at, Some(at(2200)));
    assert_eq!(
        learnt.tighten(learnt.share_of(DECLARED)).interval,
        Span::from_millis(200)
    );
    // The server refuses a call in spite of it.
    learnt.refused(later, later);
    let assessment = hear(&mut learnt, &window(0.0, 10.0, 2), later);
    assert_eq!(assessment.closed_until, Some(at(4000)));
}

#[test]
fn a_reset_that_moves_with_what_is_used_is_that_of_a_bucket() {
    let mut learnt = Learnt::NOTHING;
    // A bucket of a hundred tokens that refills at ten per second, emptied at once.
    let mut assessment = hear(&mut learnt, &Hint::new(), at(0));
    for used in 1..=100_u32 {
        let reset = u64::from(used).div_ceil(10);
        let left = f64::from(100 - used);
        assessment = hear(&mut learnt, &window(left, 100.0, reset), at(0));
    }
    assert!(assessment.scarce);
    assert!((rate(&learnt) - 10.0).abs() < 0.11, "{}", rate(&learnt));
}

#[test]
fn a_window_of_ten_seconds_is_waited_for() {
    let mut learnt = Learnt::NOTHING;
    let mut assessment = hear(&mut learnt, &Hint::new(), at(0));
    for used in 1..=100_u32 {
        // The window ends after 10.4 s. Over half a second, its reset is sent in whole seconds.
        let now = at(5 * u64::from(used));
        let reset = if used < 80 { 11 } else { 10 };
        let left = f64::from(100 - used);
        assessment = hear(&mut learnt, &window(left, 100.0, reset), now);
    }
    assert!(assessment.closed_until > Some(at(10000)), "{assessment:?}");
}

#[test]
fn an_answer_on_its_way_at_a_reset_does_not_tell_of_the_window_after_it() {
    let mut learnt = Learnt::NOTHING;
    hear(&mut learnt, &window(9.0, 10.0, 1), at(0));
    let (before, after) = (at(1000) - Span::SHORTEST, at(1000) + Span::SHORTEST);
    let assessment = hear_after(&mut learnt, &window(0.0, 10.0, 1), before, after);
    assert!(assessment.is_clear());
}
