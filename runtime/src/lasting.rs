//! Durations in messages and events, for people.

use core::fmt;
use core::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);

/// From here on milliseconds do not matter.
const LONG: Duration = Duration::from_secs(10);

/// A duration as people read it: rounded to a second from 10 s on, and to a millisecond below.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasting(pub(crate) Duration);

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.0 {
            Duration::ZERO => return f.write_str("0s"),
            exact if exact < MILLISECOND => Duration::from_micros(1),
            exact if exact < LONG => MILLISECOND,
            _ => Duration::from_secs(1),
        };
        write!(f, "{:?}", rounded(self.0, unit))
    }
}

fn rounded(exact: Duration, unit: Duration) -> Duration {
    let unit = unit.as_nanos();
    let units = (exact.as_nanos() + unit / 2) / unit;
    let nanos = units.max(1).saturating_mul(unit);
    u64::try_from(nanos).map_or(exact, Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_times_have_few_digits() {
        for (nanos, shown) in [
            (0, "0s"),
            (300, "1µs"),
            (1_700, "2µs"),
            (999_999_999, "1s"),
            (999_400_000, "999ms"),
            (3_210_400_123, "3.21s"),
            (9_999_000_000, "9.999s"),
            (31_000_123_456, "31s"),
            (3_599_600_000_000, "3600s"),
        ] {
            assert_eq!(Lasting(Duration::from_nanos(nanos)).to_string(), shown);
        }
        assert_eq!(
            Lasting(Duration::MAX).to_string(),
            format!("{:?}", Duration::MAX)
        );
    }
}
