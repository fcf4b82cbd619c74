//! Figures from the list of permits that a limiter granted.

use core::time::Duration;

/// One permit.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// The how-manieth call this was, in the order in which callers asked.
    pub number: u32,
    /// When the caller went on, in nanoseconds.
    pub at: u64,
}

/// The permits of one run, in the order in which callers went on.
#[derive(Debug, Default)]
pub struct Trace {
    /// The permits.
    pub grants: Vec<Grant>,
    /// How many of them were granted before all callers had asked: in that time the runtime is late
    /// itself, with as many tasks to start.
    pub early: usize,
}

/// How far out of order a limiter serves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disorder {
    /// The share of calls that were overtaken by a later one.
    pub overtaken: f64,
    /// By how many places at most.
    pub furthest: u32,
    /// Calls that were still waiting at the end although later ones had been served.
    pub left_behind: usize,
}

impl Disorder {
    /// The worse of two in every respect.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        Self {
            overtaken: self.overtaken.max(other.overtaken),
            furthest: self.furthest.max(other.furthest),
            left_behind: self.left_behind.max(other.left_behind),
        }
    }
}

/// Timers ring within this: promises about windows have it as slack.
const SLACK: f64 = 0.002;
/// Permits that are closer together than this count as granted at once.
const AT_ONCE: u64 = 200_000;

impl Trace {
    /// The share of `rate` (per second) that was granted until `end`.
    pub fn rate_held(&self, rate: u32, end: u64) -> f64 {
        let times = self.times();
        if times.len() < 2 {
            return 0.0;
        }
        // From the end of one group to the end of another: each group is counted whole.
        let ends_group = |i: &usize| {
            times
                .get(i + 1)
                .is_none_or(|next| next - times[*i] > AT_ONCE)
        };
        let first = (0..times.len()).find(ends_group).unwrap_or(0);
        let last = (first..times.len() - 1).rev().find(ends_group);
        let last = last.filter(|last| *last > first).unwrap_or(times.len() - 1);
        let interval = 1e9 / f64::from(rate);
        let mut elapsed = float(times[last] - times[first]);
        // A limiter that has stopped is not judged by the time before.
        let silence = float(end.saturating_sub(times[times.len() - 1]));
        if silence > 10.0 * interval + 20e6 {
            elapsed += silence;
        }
        float((last - first) as u64) * interval / elapsed
    }

    /// Permits in the fullest window of this length beyond what burst, rate and slack allow.
    pub fn excess(&self, window: Duration, rate: u32, burst: u32) -> f64 {
        let length = u64::try_from(window.as_nanos()).unwrap_or(u64::MAX);
        let times = self.times();
        let (mut start, mut most) = (0, 0);
        for (i, at) in times.iter().enumerate() {
            while at - times[start] > length {
                start += 1;
            }
            most = most.max(i + 1 - start);
        }
        let allowed = f64::from(burst) + f64::from(rate) * (window.as_secs_f64() + SLACK);
        (float(most as u64) - allowed.floor()).max(0.0)
    }

    /// When callers went on, from when all had asked.
    fn times(&self) -> Vec<u64> {
        let grants = self.grants.iter().skip(self.early);
        let mut times: Vec<u64> = grants.map(|grant| grant.at).collect();
        times.sort_unstable();
        times
    }

    /// How far out of order callers were served.
    pub fn disorder(&self) -> Disorder {
        let (mut latest, mut overtaken, mut furthest) = (0, 0, 0);
        for grant in &self.grants {
            if grant.number < latest {
                overtaken += 1;
                furthest = furthest.max(latest - grant.number);
            }
            latest = latest.max(grant.number);
        }
        Disorder {
            overtaken: float(overtaken) / float(self.grants.len().max(1) as u64),
            furthest,
            left_behind: (latest as usize + 1).saturating_sub(self.grants.len()),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds in nanoseconds and counts stay below 2^52"
)]
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(permits: &[(u32, u64)]) -> Trace {
        let grants = permits.iter().map(|&(number, millis)| Grant {
            number,
            at: millis * 1_000_000,
        });
        Trace {
            grants: grants.collect(),
            early: 0,
        }
    }

    fn steady(count: u32) -> Trace {
        let permits: Vec<_> = (0..count).map(|i| (i, u64::from(i) * 10)).collect();
        trace(&permits)
    }

    #[test]
    fn a_steady_hundred_per_second_holds_its_rate_exactly() {
        assert!((steady(100).rate_held(100, 1_000_000_000) - 1.0).abs() < 1e-9);
        assert!((steady(100).rate_held(200, 1_000_000_000) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_limiter_that_stops_does_not_hold_its_rate() {
        assert!(steady(100).rate_held(100, 2_000_000_000) < 0.51);
    }

    #[test]
    fn only_what_is_beyond_burst_rate_and_slack_is_an_excess() {
        let window = Duration::from_millis(10);
        let four_at_once = trace(&[(0, 0), (1, 0), (2, 0), (3, 0)]);
        assert!(four_at_once.excess(window, 100, 3).abs() < 1e-9);
        assert!((four_at_once.excess(window, 100, 2) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn overtaking_and_being_left_behind_are_told_apart() {
        let disorder = trace(&[(0, 0), (3, 1), (1, 2)]).disorder();
        assert!((disorder.overtaken - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!((disorder.furthest, disorder.left_behind), (2, 1));
    }
}
