//! The grammar of durations: `"300s"`, `"1.5s"`, `"250 ms"`.

/// Nanoseconds in each unit, with every way to write it.
const UNITS: &[(u64, &[&str])] = &[
    (1_000, &["us"]),
    (1_000_000, &["ms"]),
    (1_000_000_000, &["s", "sec", "secs", "second", "seconds"]),
    (60_000_000_000, &["m", "min", "mins", "minute", "minutes"]),
    (3_600_000_000_000, &["h", "hr", "hour", "hours"]),
    (86_400_000_000_000, &["d", "day", "days"]),
];

/// Reads a positive number and a unit, as nanoseconds.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    if number.is_empty() {
        return Err(format!(
            "`{text}` is not a duration: write a number and a unit, like \"300s\" or \"250ms\""
        ));
    }
    let number = decimal(number)
        .ok_or_else(|| format!("`{number}` is not a number: write a duration like \"1.5s\""))?;
    if unit.is_empty() {
        return Err(format!(
            "the unit is missing: write \"{number}s\" for seconds or \"{number}ms\" for milliseconds"
        ));
    }
    nanos(number, unit_nanos(unit)?)
}

/// Splits `"1.5 s"` into its number and its unit, both possibly empty.
pub(crate) fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .find(|c: char| !matches!(c, '0'..='9' | '.' | '_' | '-' | '+'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number.trim_end(), unit.trim_start())
}

/// Digits with at most one point: no sign, no exponent, no `inf`.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    plain.then(|| text.parse().ok()).flatten()
}

/// The length of one unit.
pub(crate) fn unit_nanos(unit: &str) -> Result<u64, String> {
    UNITS
        .iter()
        .find(|(_, names)| names.contains(&unit))
        .map(|(nanos, _)| *nanos)
        .ok_or_else(|| format!("`{unit}` is not a unit of time: write one of us, ms, s, min, h, d"))
}

/// `number` units of `unit` nanoseconds, to the nearest nanosecond.
pub(crate) fn nanos(number: f64, unit: u64) -> Result<u64, String> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "every unit is far below 2^53 nanoseconds"
    )]
    let nanos = (number * unit as f64).round();
    if nanos < 1.0 {
        return Err("the time must be longer than zero".to_owned());
    }
    // Past this, seconds no longer fit the 64 bits that nanoseconds are kept in.
    if nanos >= 1.8e19 {
        return Err("the time is too long: 500 years is the most".to_owned());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and 1.8e19, as checked above"
    )]
    let nanos = nanos as u64;
    Ok(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_durations() {
        let cases: &[(&str, u64)] = &[
            ("300s", 300_000_000_000),
            ("250ms", 250_000_000),
            ("1.5s", 1_500_000_000),
            ("0.1s", 100_000_000),
            ("2m", 120_000_000_000),
            ("2min", 120_000_000_000),
            ("1h", 3_600_000_000_000),
            ("500us", 500_000),
            ("  10  seconds ", 10_000_000_000),
            ("1day", 86_400_000_000_000),
            ("0.001us", 1),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse(text), Ok(*nanos), "{text}");
        }
    }

    #[test]
    fn bad_durations() {
        let cases: &[(&str, &str)] = &[
            ("", "is not a duration"),
            ("s", "is not a duration"),
            ("soon", "is not a duration"),
            ("300", "the unit is missing: write \"300s\""),
            ("0s", "longer than zero"),
            ("0.0ms", "longer than zero"),
            ("-1s", "is not a number"),
            ("+1s", "is not a number"),
            ("1.2.3s", "is not a number"),
            (".5s", "is not a number"),
            ("1e3s", "is not a unit"),
            ("5 fortnights", "`fortnights` is not a unit of time"),
            ("1m30s", "`m30s` is not a unit of time"),
            ("1S", "`S` is not a unit of time"),
            ("1000000d", "the time is too long"),
        ];
        for (text, part) in cases {
            let message = parse(text).expect_err(text);
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
