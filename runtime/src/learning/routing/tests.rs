use core::time::Duration;

use super::*;
use crate::hint::Window;
use crate::quota::Quota;
use crate::quota::Rate;

fn row(unit: &'static str, rate: &str) -> Row {
    Row::new(unit, Quota::new(Rate::parse(rate).expect("a rate")))
}

fn window(name: &str, unit: &'static str, limit: f64, remaining: f64) -> Window {
    let window = Window::new().with_name(name).with_unit(unit);
    window.with_limit(limit).with_remaining(remaining)
}

/// Returns the row of each window.
fn rows_of(windows: Vec<Window>, rows: &[Row]) -> Vec<Option<usize>> {
    // A second window, which is about calls in flight, so that the list is read and not the hint.
    let other = Window::new().with_unit(CONCURRENT);
    let hint = Hint::new().with_windows([windows, vec![other; 2]].concat());
    let routes = Routes::of(&hint, rows);
    routes.routed.iter().map(|(row, _)| *row).collect()
}

fn row_of_one(window: Window, rows: &[Row]) -> Option<usize> {
    rows_of(vec![window], rows)[0]
}

fn heard(hint: &Hint) -> Observation<'_> {
    Observation {
        hint,
        sent: Instant::EPOCH,
        received: Instant::EPOCH,
        below: 0.1,
        longest: Span::from_secs(3600),
    }
}

#[test]
fn a_name_comes_before_a_unit() {
    let rows = [
        row("requests", "50/min"),
        row("tokens", "50000/min"),
        row("input_tokens", "40000/min"),
        row("Output_Tokens", "8000/min"),
    ];
    let of = |name| row_of_one(window(name, "tokens", 7.0, 5.0), &rows);
    assert_eq!(of("tokens"), Some(1));
    assert_eq!(of("input-tokens"), Some(2));
    assert_eq!(of("OUTPUT-tokens"), Some(3));
    assert_eq!(of("project-tokens"), Some(1));
    assert_eq!(of("tokens_usage_based"), Some(1));
    assert_eq!(of("tokens-minute"), Some(1));
    assert_eq!(of("priority-input-tokens"), None);
}

#[test]
fn output_tokens_are_not_the_tokens_of_a_row_for_both() {
    let rows = [row("", "50/min"), row("tokens", "50000/min")];
    let of = |name| row_of_one(window(name, "tokens", 8000.0, 0.0), &rows);
    assert_eq!((of("output-tokens"), of("cached_tokens")), (None, None));
    assert_eq!(of("tokens"), Some(1));
}

#[test]
fn rows_of_one_unit_are_told_apart_by_their_limits() {
    for unit in ["", "requests"] {
        let rows = [
            row(unit, "30/min"),
            row(unit, "14400/day"),
            row("tokens", "6000/min"),
        ];
        let of = |limit: f64| row_of_one(window("requests", "requests", limit, limit - 1.0), &rows);
        assert_eq!((of(30.0), of(14_400.0)), (Some(0), Some(1)), "{unit}");
        assert_eq!(of(30.4), Some(0));
    }
}

#[test]
fn where_no_limit_is_equal_the_shortest_period_that_lasts_until_the_reset_counts() {
    let rows = [row("", "10/s"), row("", "100/min"), row("", "1000/day")];
    let of = |seconds| {
        let window = window("requests", "requests", 77.0, 5.0);
        row_of_one(window.with_reset_after(Duration::from_secs(seconds)), &rows)
    };
    // A reset of two seconds may be one that is rounded up.
    assert_eq!((of(1), of(2), of(3)), (Some(0), Some(0), Some(1)));
    assert_eq!((of(60), of(62), of(90_000)), (Some(1), Some(2), Some(2)));
    let daily = window("daily", "requests", 77.0, 5.0);
    let daily = daily.with_length(Duration::from_secs(86_400));
    let soon = daily.clone().with_reset_after(Duration::from_secs(5));
    assert_eq!(row_of_one(daily, &rows), Some(2));
    assert_eq!(row_of_one(soon, &rows), Some(2), "its length is told");
    let untold = window("requests", "requests", 77.0, 5.0);
    assert_eq!(row_of_one(untold, &rows), Some(2));
}

#[test]
fn the_size_of_a_bucket_is_a_limit_too() {
    let slow = row("", "2/s").burst(40);
    let rows = [row("", "100000/day"), slow];
    assert_eq!(
        row_of_one(window("x", "requests", 40.0, 1.0), &rows),
        Some(1)
    );
}

#[test]
fn resources_are_rows_or_none_of_theirs() {
    let rows = [row("core", "5000/h"), row("search", "30/min")];
    let told = |resource: &str, limit| {
        let hint = Hint::new().with_limit(limit).with_remaining(0.0);
        hint.with_reset_after(Duration::from_secs(60))
            .with_resource(resource)
    };
    let hint = told("search", 30.0).with_limited(true);
    let routes = Routes::of(&hint, &rows);
    assert!(routes.concern(1) && !routes.concern(0));
    assert_eq!(
        (routes.refused_row(), routes.closed_until(&heard(&hint))),
        (Some(1), None)
    );
    assert_eq!(row_of_resource("Search", &rows), Some(1));

    // The limit of another resource happens to be that of a row.
    let hint = told("graphql", 5000.0);
    let routes = Routes::of(&hint, &rows);
    assert!(!routes.concern(0) && !routes.concern(1));
    assert_eq!(routes.closed_until(&heard(&hint)), None);
    assert_eq!(row_of_resource("graphql", &rows), None);

    // Without a resource its limit says which it is.
    let hint = Hint::new().with_limit(30.0).with_remaining(3.0);
    assert!(Routes::of(&hint, &rows).concern(1));
    let hint = Hint::new().with_limit(31.0).with_remaining(3.0);
    let routes = Routes::of(&hint, &rows);
    assert!(!routes.concern(0) && !routes.concern(1));
}

#[test]
fn tokens_are_never_requests() {
    let rows = [row("tokens", "30000/min")];
    let requests = window("requests", "requests", 500.0, 3.0);
    assert_eq!(row_of_one(requests, &rows), None);
    let rows = [row("", "500/min")];
    assert_eq!(
        row_of_one(window("tokens", "tokens", 30_000.0, 3.0), &rows),
        None
    );
}

#[test]
fn a_window_without_a_row_closes_all_only_if_exactly_nothing_is_left() {
    let rows = [row("", "50/min"), row("tokens", "50000/min")];
    let closes = |left| {
        let window = window("output-tokens", "tokens", 8000.0, left);
        let window = window.with_reset_after(Duration::from_secs(30));
        let hint = Hint::new().with_windows(vec![window.clone(), window]);
        Routes::of(&hint, &rows).closed_until(&heard(&hint))
    };
    assert_eq!(closes(0.5), None);
    assert_eq!(closes(0.0), Some(Instant::EPOCH + Span::from_secs(30)));
}

#[test]
fn counts_that_cannot_be_meant_are_ignored_and_told_of_once() {
    let rows = [row("", "50/min")];
    let mut told = Oddities::NONE;
    for (limit, remaining, odd) in [
        (0.0, 0.0, Oddities::ZERO_LIMIT),
        (50.0, 51.0, Oddities::ABOVE_LIMIT),
        (50.0, 50.4, Oddities::NONE),
    ] {
        let hint = Hint::new().with_limit(limit).with_remaining(remaining);
        let hint = hint.with_reset_after(Duration::from_secs(60));
        let routes = Routes::of(&hint, &rows);
        assert_eq!(routes.oddities(), odd, "{limit} {remaining}");
        assert_eq!(routes.concern(0), odd == Oddities::NONE);
        assert_eq!(routes.closed_until(&heard(&hint)), None);
        assert!(!routes.is_never());
        assert_eq!(told.add(routes.oddities()), odd);
        assert_eq!(told.add(routes.oddities()), Oddities::NONE);
    }
    let never = Hint::new().with_limit(0.0).with_limited(true);
    assert!(Routes::of(&never, &rows).is_never());
    let absent = Hint::new().with_limit(-1.0).with_remaining(-1.0);
    assert_eq!(Routes::of(&absent, &rows).oddities(), Oddities::NONE);
}

#[test]
fn calls_in_flight_are_no_rate() {
    let rows = [row("", "50/min")];
    let hint = Hint::new().with_windows(vec![window("concurrent", CONCURRENT, 5.0, 0.0)]);
    let routes = Routes::of(&hint, &rows);
    assert_eq!(routes.closed_until(&heard(&hint)), None);
}
