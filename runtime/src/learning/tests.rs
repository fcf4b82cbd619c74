use core::time::Duration;

use super::*;
use crate::hint::Hint;

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;

/// Ten per second with a burst of ten.
const DECLARED: Shape = Shape {
    interval: SECOND / 10,
    capacity: SECOND,
};

fn rate(learnt: &Learnt) -> f64 {
    let interval = Duration::from_nanos(learnt.tighten(DECLARED).interval);
    1.0 / interval.as_secs_f64()
}

fn window(remaining: f64, limit: f64, reset: u64) -> Hint {
    let hint = Hint::new().with_remaining(remaining).with_limit(limit);
    hint.with_reset_after(Duration::from_secs(reset))
}

/// Returns the consequences of a hint, with the instants at which its call was sent and answered.
fn hear(learnt: &mut Learnt, hint: &Hint, (sent, received): (u64, u64)) -> Assessment {
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
    assert_eq!(Learnt::NOTHING.tighten(DECLARED), DECLARED);
    assert!(Learnt::NOTHING.is_nothing());
}

#[test]
fn refusals_of_what_was_sent_before_the_last_one_are_no_news() {
    let mut learnt = Learnt::NOTHING;
    assert!(learnt.refused(0, SECOND));
    assert!(!learnt.refused(SECOND / 2, 2 * SECOND));
    assert!(learnt.refused(3 * SECOND, 4 * SECOND));
    assert_eq!(learnt.strikes(), 2);
}

#[test]
fn the_share_is_cut_to_what_was_let_through() {
    let mut learnt = Learnt::NOTHING;
    learnt.refused(0, SECOND);
    learnt.cut(10 * SECOND, true, DECLARED);
    assert!(
        (rate(&learnt) - 10.0).abs() < 1e-6,
        "the first one may be an accident"
    );
    for n in 0..20 {
        learnt.passed(10 * SECOND + n, false, 10 * SECOND + n);
    }
    learnt.refused(13 * SECOND, 13 * SECOND);
    learnt.cut(14 * SECOND, true, DECLARED);
    // Twenty calls in the four seconds from one reopening to the next.
    assert!((rate(&learnt) - 5.0).abs() < 0.1, "{}", rate(&learnt));
}

#[test]
fn a_refusal_after_almost_everything_passed_slows_down_a_little() {
    let mut learnt = Learnt::NOTHING;
    learnt.begin(SECOND);
    // Ten at once, and ten per second, for four seconds.
    for _ in 0..49 {
        learnt.passed(SECOND, false, SECOND);
    }
    learnt.refused(5 * SECOND, 5 * SECOND);
    learnt.cut(6 * SECOND, false, DECLARED);
    assert!((rate(&learnt) - 9.0).abs() < 0.01, "{}", rate(&learnt));
}

#[test]
fn a_refusal_without_a_hint_always_slows_down() {
    let mut learnt = Learnt::NOTHING;
    learnt.refused(0, 0);
    learnt.cut(SECOND, false, DECLARED);
    assert!(rate(&learnt) < 10.0);
}

#[test]
fn the_share_grows_back_while_calls_pass_and_is_forgotten() {
    let mut learnt = Learnt::NOTHING;
    learnt.refused(0, 0);
    learnt.cut(SECOND, false, DECLARED);
    let before = rate(&learnt);
    learnt.passed(2 * SECOND, false, 11 * SECOND);
    assert!(rate(&learnt) > before);
    learnt.passed(2 * SECOND, false, 101 * SECOND);
    assert_eq!(learnt.tighten(DECLARED), DECLARED);
    assert!(learnt.is_nothing());
}

#[test]
fn no_run_of_refusals_stops_a_limiter() {
    let mut learnt = Learnt::NOTHING;
    for second in 1..1000 {
        let now = second * SECOND;
        learnt.passed(now, false, now);
        learnt.refused(now, now);
        learnt.cut(now, false, DECLARED);
    }
    assert!(rate(&learnt) >= 10.0 * 0.001 * 0.99, "{}", rate(&learnt));
}

#[test]
fn a_scarce_window_is_spread_until_its_reset_and_no_longer() {
    let mut learnt = Learnt::NOTHING;
    assert!(hear(&mut learnt, &window(4.0, 100.0, 8), (0, 0)).scarce);
    let spread = Shape {
        interval: 2 * SECOND,
        capacity: 2 * SECOND,
    };
    assert_eq!(learnt.tighten(DECLARED), spread);
    assert_eq!(learnt.ages_at(), Some(8 * SECOND));
    assert!(!learnt.age(8 * SECOND - 1));
    assert!(learnt.age(8 * SECOND));
    assert_eq!(learnt.tighten(DECLARED), DECLARED);
}

#[test]
fn of_two_answers_about_one_window_the_smaller_count_holds() {
    let mut learnt = Learnt::NOTHING;
    hear(&mut learnt, &window(1.0, 100.0, 8), (0, 0));
    assert!(hear(&mut learnt, &window(50.0, 100.0, 8), (0, 0)).scarce);
    assert_eq!(learnt.tighten(DECLARED).interval, 8 * SECOND);
    // The window after it.
    assert!(
        hear(
            &mut learnt,
            &window(50.0, 100.0, 8),
            (9 * SECOND, 9 * SECOND)
        )
        .is_clear()
    );
    assert!(learnt.is_nothing());
}

#[test]
fn no_window_is_believed_for_longer_than_allowed() {
    let mut learnt = Learnt::NOTHING;
    let assessment = hear(&mut learnt, &window(0.0, 100.0, u64::MAX), (0, 0));
    assert_eq!(assessment.closed_until, HOUR);
    hear(&mut learnt, &window(1.0, 1e300, u64::MAX), (0, 0));
    assert_eq!(learnt.tighten(DECLARED).interval, HOUR);
}

#[test]
fn a_window_is_measured_by_what_it_held_until_it_opened_again() {
    let mut learnt = Learnt::NOTHING;
    learnt.begin(SECOND);
    for _ in 0..4 {
        learnt.passed(SECOND, false, SECOND);
    }
    assert!(learnt.refused(SECOND, SECOND));
    learnt.cut(2 * SECOND, false, DECLARED);
    assert!((rate(&learnt) - 7.0).abs() < 0.01, "{}", rate(&learnt));
    assert!(learnt.refused(2 * SECOND, 2 * SECOND));
    learnt.cut(3 * SECOND, false, DECLARED);
    // A window of four calls in two seconds, with a refused probe in between: three evenly, and one at the edge.
    assert!((rate(&learnt) - 1.5).abs() < 0.01, "{}", rate(&learnt));
}

#[test]
fn a_measured_share_stays_where_it_is_before_it_grows() {
    let mut learnt = Learnt::NOTHING;
    learnt.begin(SECOND);
    learnt.passed(SECOND, false, SECOND);
    learnt.refused(SECOND, SECOND);
    learnt.refused(SECOND + 1, SECOND + 1);
    learnt.cut(2 * SECOND, false, DECLARED);
    let cut = rate(&learnt);
    learnt.passed(2 * SECOND, false, 12 * SECOND);
    assert!(rate(&learnt) < cut * 1.02, "{}", rate(&learnt));
    learnt.passed(2 * SECOND, false, 102 * SECOND);
    assert!(rate(&learnt) > 9.99, "{}", rate(&learnt));
}

#[test]
fn whole_seconds_do_not_put_off_a_reset() {
    let mut learnt = Learnt::NOTHING;
    let half = SECOND / 2;
    hear(&mut learnt, &window(9.0, 10.0, 2), (0, 0));
    // The response arrives just before the reset, within its last rounded second.
    let assessment = hear(&mut learnt, &window(0.0, 10.0, 1), (3 * half, 3 * half));
    assert_eq!(assessment.closed_until, 4 * half);
}

#[test]
fn a_reset_that_is_put_off_for_longer_is_believed() {
    let mut learnt = Learnt::NOTHING;
    hear(&mut learnt, &window(9.0, 10.0, 2), (0, 0));
    let assessment = hear(&mut learnt, &window(0.0, 10.0, 60), (SECOND, SECOND));
    assert_eq!(assessment.closed_until, 61 * SECOND);
}

#[test]
fn a_server_that_gives_back_bit_by_bit_is_not_waited_for_until_its_reset() {
    let mut learnt = Learnt::NOTHING;
    hear(&mut learnt, &window(9.0, 10.0, 1), (0, 0));
    let later = 2 * SECOND;
    let assessment = hear(&mut learnt, &window(0.0, 10.0, 2), (later, later));
    // Ten calls come back in two seconds.
    assert!(assessment.scarce);
    assert_eq!(assessment.refills_at, later + SECOND / 5);
    assert_eq!(learnt.tighten(DECLARED).interval, SECOND / 5);
    // The server refuses a call in spite of it.
    learnt.refused(later, later);
    let assessment = hear(&mut learnt, &window(0.0, 10.0, 2), (later, later));
    assert_eq!(assessment.closed_until, later + 2 * SECOND);
}

#[test]
fn a_reset_that_moves_with_what_is_used_is_that_of_a_bucket() {
    let mut learnt = Learnt::NOTHING;
    // A bucket of a hundred tokens that refills at ten per second, emptied at once.
    let mut assessment = hear(&mut learnt, &Hint::new(), (0, 0));
    for used in 1..=100_u32 {
        let reset = u64::from(used).div_ceil(10);
        let left = f64::from(100 - used);
        assessment = hear(&mut learnt, &window(left, 100.0, reset), (0, 0));
    }
    assert!(assessment.scarce);
    assert!((rate(&learnt) - 10.0).abs() < 0.11, "{}", rate(&learnt));
}

#[test]
fn a_window_of_ten_seconds_is_waited_for() {
    let mut learnt = Learnt::NOTHING;
    let mut assessment = hear(&mut learnt, &Hint::new(), (0, 0));
    for used in 1..=100_u32 {
        // The window ends after 10.4 s. Over half a second, its reset is sent in whole seconds.
        let now = u64::from(used) * SECOND / 200;
        let reset = if used < 80 { 11 } else { 10 };
        let left = f64::from(100 - used);
        assessment = hear(&mut learnt, &window(left, 100.0, reset), (now, now));
    }
    assert!(assessment.closed_until > 10 * SECOND, "{assessment:?}");
}

#[test]
fn an_answer_on_its_way_at_a_reset_does_not_tell_of_the_window_after_it() {
    let mut learnt = Learnt::NOTHING;
    hear(&mut learnt, &window(9.0, 10.0, 1), (0, 0));
    let (before, after) = (SECOND - 1, SECOND + 1);
    let assessment = hear(&mut learnt, &window(0.0, 10.0, 1), (before, after));
    assert!(assessment.is_clear());
}
