//! The grammar of rates: `5`, `0.5`, `"300/min"`, `"1/250ms"`.

use crate::duration;

const SECOND: u64 = 1_000_000_000;
/// 30 days: a rate below one call in that time is taken for a slip.
const LONGEST: f64 = 30.0 * 86_400e9;

/// `count` calls in every `nanos` nanoseconds; both are more than zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    pub(crate) count: f64,
    pub(crate) nanos: u64,
}

/// A rate written as a number: calls per second.
pub(crate) fn per_second(count: f64) -> Result<Rate, String> {
    checked(count, SECOND)
}

/// A rate written as `"COUNT/PERIOD"`.
pub(crate) fn parse(text: &str) -> Result<Rate, String> {
    let Some((count, period)) = text.split_once('/') else {
        return Err(without_period(text));
    };
    let count = count.trim();
    if count.starts_with('-') {
        return Err(ZERO.to_owned());
    }
    let count = duration::decimal(count)
        .ok_or_else(|| format!("`{count}` is not a number: write a rate like \"300/min\""))?;
    checked(count, period_nanos(period)?)
}

/// `min`, `250ms` or `10 s`.
fn period_nanos(text: &str) -> Result<u64, String> {
    let (number, unit) = duration::split(text);
    if unit.is_empty() {
        return Err(
            "the unit after the `/` is missing: write a rate like \"300/min\" or \"1/250ms\""
                .to_owned(),
        );
    }
    if number.is_empty() {
        return duration::unit_nanos(unit);
    }
    let number = duration::decimal(number)
        .ok_or_else(|| format!("`{number}` is not a number: write a rate like \"1/250ms\""))?;
    duration::nanos(number, duration::unit_nanos(unit)?)
}

fn without_period(text: &str) -> String {
    let text = text.trim();
    match duration::decimal(text) {
        Some(number) => {
            format!("write `rate = {number}` for {number} calls per second, or \"{number}/min\"")
        }
        None => {
            format!("`{text}` is not a rate: write one like \"300/min\", \"10/s\" or \"1/250ms\"")
        }
    }
}

const ZERO: &str = "the rate must be more than zero: nothing would ever be let through";

fn checked(count: f64, nanos: u64) -> Result<Rate, String> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a limit that is off by one part in 2^53 is the same limit"
    )]
    let period = nanos as f64;
    if !count.is_finite() {
        return Err("the rate must be a finite number".to_owned());
    }
    if count <= 0.0 {
        return Err(ZERO.to_owned());
    }
    if count * LONGEST < period {
        return Err("the rate is less than one call in 30 days: check its unit".to_owned());
    }
    if count > period {
        return Err("the rate is more than 1,000,000,000 calls per second".to_owned());
    }
    Ok(Rate { count, nanos })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_rates() {
        let cases: &[(&str, f64, u64)] = &[
            ("300/min", 300.0, 60 * SECOND),
            ("5000/h", 5000.0, 3600 * SECOND),
            ("1/250ms", 1.0, 250_000_000),
            ("10/s", 10.0, SECOND),
            ("10 / second", 10.0, SECOND),
            ("1000/day", 1000.0, 86_400 * SECOND),
            ("1/10s", 1.0, 10 * SECOND),
            ("0.5/s", 0.5, SECOND),
            ("2.5 / 1.5 minutes", 2.5, 90 * SECOND),
            ("1/30d", 1.0, 30 * 86_400 * SECOND),
            ("1000000000/s", 1e9, SECOND),
        ];
        for (text, count, nanos) in cases {
            let rate = Rate {
                count: *count,
                nanos: *nanos,
            };
            assert_eq!(parse(text), Ok(rate), "{text}");
        }
    }

    #[test]
    fn bad_rates() {
        let cases: &[(&str, &str)] = &[
            ("", "is not a rate"),
            ("fast", "is not a rate"),
            ("300 per minute", "is not a rate"),
            ("5", "write `rate = 5` for 5 calls per second"),
            ("/s", "`` is not a number"),
            ("five/s", "`five` is not a number"),
            ("NaN/s", "`NaN` is not a number"),
            ("inf/s", "`inf` is not a number"),
            ("1e3/s", "`1e3` is not a number"),
            ("0/s", "more than zero"),
            ("-5/s", "more than zero"),
            ("5/", "the unit after the `/` is missing"),
            ("5/10", "the unit after the `/` is missing"),
            ("5/-1s", "`-1` is not a number"),
            ("5/0s", "the time must be longer than zero"),
            ("5/fortnight", "`fortnight` is not a unit of time"),
            ("5/s/s", "`s/s` is not a unit of time"),
            ("1/31d", "less than one call in 30 days"),
            ("2000000000/s", "more than 1,000,000,000"),
            ("2/ns", "`ns` is not a unit of time"),
        ];
        for (text, part) in cases {
            let message = parse(text).expect_err(text);
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn numbers_are_per_second() {
        assert_eq!(
            per_second(0.5),
            Ok(Rate {
                count: 0.5,
                nanos: SECOND
            })
        );
        for bad in [0.0, -1.0, f64::INFINITY, f64::NAN, 1e-9, 2e9] {
            assert!(per_second(bad).is_err(), "{bad}");
        }
    }
}
