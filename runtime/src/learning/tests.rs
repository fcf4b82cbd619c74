use super::*;

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;

/// Ten per second, ten saved up.
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
        learnt.passed(10 * SECOND + n, 10 * SECOND + n);
    }
    learnt.refused(13 * SECOND, 13 * SECOND);
    learnt.cut(14 * SECOND, true, DECLARED);
    // Twenty calls in the four seconds from one reopening to the next.
    assert!((rate(&learnt) - 5.0).abs() < 0.1, "{}", rate(&learnt));
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
    learnt.passed(2 * SECOND, 11 * SECOND);
    assert!(rate(&learnt) > before);
    learnt.passed(2 * SECOND, 101 * SECOND);
    assert_eq!(learnt.tighten(DECLARED), DECLARED);
    assert!(learnt.is_nothing());
}

#[test]
fn no_run_of_refusals_stops_a_limiter() {
    let mut learnt = Learnt::NOTHING;
    for second in 1..1000 {
        let now = second * SECOND;
        learnt.passed(now, now);
        learnt.refused(now, now);
        learnt.cut(now, false, DECLARED);
    }
    assert!(
        rate(&learnt) >= 10.0 * LEAST_SHARE * 0.99,
        "{}",
        rate(&learnt)
    );
}

#[test]
fn a_scarce_window_is_spread_until_its_reset_and_no_longer() {
    let mut learnt = Learnt::NOTHING;
    assert_eq!(
        learnt.hear(&window(4.0, 100.0, 8), 0.1, HOUR, 0),
        Outlook::Scarce
    );
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
fn the_newest_word_on_a_window_replaces_the_one_before() {
    let mut learnt = Learnt::NOTHING;
    learnt.hear(&window(1.0, 100.0, 8), 0.1, HOUR, 0);
    assert_eq!(
        learnt.hear(&window(50.0, 100.0, 8), 0.1, HOUR, 0),
        Outlook::Clear
    );
    assert!(learnt.is_nothing());
}

#[test]
fn no_window_is_believed_for_longer_than_allowed() {
    let mut learnt = Learnt::NOTHING;
    let outlook = learnt.hear(&window(0.0, 100.0, u64::MAX), 0.1, HOUR, 0);
    assert_eq!(outlook, Outlook::Exhausted(HOUR));
    learnt.hear(&window(1.0, 1e300, u64::MAX), 0.1, HOUR, 0);
    assert_eq!(learnt.tighten(DECLARED).interval, HOUR);
}
