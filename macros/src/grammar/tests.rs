//! Texts that are rates and durations, and the sentences about texts that are none.

use super::*;

/// Checks the mistake in a text, and a part of the sentence about it.
fn refuses<T: core::fmt::Debug>(read: Result<T, Mistake>, text: &str, wrong: Wrong, part: &str) {
    let mistake = read.expect_err(text);
    assert_eq!(mistake.wrong, wrong, "{text}");
    let sentence = mistake.explain(text);
    assert!(sentence.contains(part), "{text}: {sentence}");
}

#[test]
fn good_rates() {
    for (text, count, nanos) in [
        ("300/min", 300.0, 60 * SECOND),
        ("5_000/hr", 5000.0, 3600 * SECOND),
        ("1/250ms", 1.0, 250_000_000),
        (" 10 / second ", 10.0, SECOND),
        ("0.5/secs", 0.5, SECOND),
        ("2.5 / 1.5 mins", 2.5, 90 * SECOND),
        ("1/1_0s", 1.0, 10 * SECOND),
        ("1/30d", 1.0, 30 * 86_400 * SECOND),
        ("1/1h30m", 1.0, 5400 * SECOND),
        ("1000000000/s", 1e9, SECOND),
        ("100", 100.0, SECOND),
    ] {
        assert_eq!(rate(text), Ok(PerPeriod { count, nanos }), "{text}");
    }
}

#[test]
fn bad_rates() {
    for (text, wrong, part) in [
        ("", Wrong::NoRate, "`` is not a rate"),
        (
            "300 per minute",
            Wrong::NoRate,
            "`300 per minute` is not a rate",
        ),
        ("/s", Wrong::NoCount, "`` is not a number"),
        (" five/s", Wrong::NoCount, "`five` is not a number"),
        ("1e3/s", Wrong::NoCount, "`1e3` is not a number"),
        ("0/s", Wrong::ZeroRate, "more than zero"),
        ("-5/s", Wrong::ZeroRate, "more than zero"),
        ("5/", Wrong::NoPeriod, "after the `/` is missing"),
        ("5/10", Wrong::NoPeriod, "after the `/` is missing"),
        ("5/-1s", Wrong::NoNumber, "`-1` is not a number"),
        ("5/0s", Wrong::ZeroTime, "longer than zero"),
        (
            "5/fortnight",
            Wrong::NoUnit,
            "`fortnight` is not a unit of time",
        ),
        ("5/s/s", Wrong::NoUnit, "`s/s` is not a unit of time"),
        (
            "5/2 \u{b5}s",
            Wrong::NoUnit,
            "`\u{b5}s` is not a unit of time",
        ),
        ("1/31d", Wrong::SlowRate, "less than one call in 30 days"),
        ("2000000000/s", Wrong::FastRate, "more than 1,000,000,000"),
    ] {
        refuses(rate(text), text, wrong, part);
    }
}

#[test]
fn numbers_of_calls_per_second() {
    assert_eq!(per_second(0.5).map(|rate| rate.nanos), Ok(SECOND));
    for (number, wrong) in [
        (0.0, Wrong::ZeroRate),
        (-1.0, Wrong::ZeroRate),
        (f64::INFINITY, Wrong::InfiniteRate),
        (f64::NAN, Wrong::InfiniteRate),
        (1e-9, Wrong::SlowRate),
        (2e9, Wrong::FastRate),
    ] {
        assert_eq!(per_second(number), Err(wrong), "{number}");
    }
}

#[test]
fn good_durations() {
    for (text, nanos) in [
        ("300s", 300 * SECOND),
        ("1.5s", 1_500_000_000),
        ("0.1s", 100_000_000),
        ("2m", 120 * SECOND),
        ("  10  seconds ", 10 * SECOND),
        ("1hr", 3600 * SECOND),
        ("1h30m", 5400 * SECOND),
        ("1m 30s", 90 * SECOND),
        ("0.001us", 1),
        ("1_000ms", SECOND),
    ] {
        assert_eq!(duration(text), Ok(nanos), "{text}");
    }
}

#[test]
fn a_number_that_no_float_holds_is_too_long() {
    let text = format!("1.{}s", "0".repeat(400));
    assert_eq!(
        duration(&text).map_err(|mistake| mistake.wrong),
        Err(Wrong::LongTime)
    );
}

#[test]
fn bad_durations() {
    for (text, wrong, part) in [
        ("", Wrong::NoDuration, "`` is not a duration"),
        ("soon", Wrong::NoDuration, "`soon` is not a duration"),
        ("300", Wrong::MissingUnit, "the unit is missing"),
        ("1h30", Wrong::MissingUnit, "the unit is missing"),
        ("0.0ms", Wrong::ZeroTime, "longer than zero"),
        ("-1s", Wrong::NoNumber, "`-1` is not a number"),
        ("1.2.3s", Wrong::NoNumber, "`1.2.3` is not a number"),
        (".5s", Wrong::NoNumber, "`.5` is not a number"),
        ("1s and 5ms", Wrong::NoNumber, "`and 5ms` is not a number"),
        (
            "5 fortnights",
            Wrong::NoUnit,
            "`fortnights` is not a unit of time",
        ),
        ("1S", Wrong::NoUnit, "`S` is not a unit of time"),
        ("1000000d", Wrong::LongTime, "too long"),
    ] {
        refuses(duration(text), text, wrong, part);
    }
}
