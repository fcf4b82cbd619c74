//! Rows of a model provider: how much of a unit it lets through, and what it counted.

use core::time::Duration;

/// Rule by which a row lets amounts through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Bucket that holds `capacity` and gains `limit` in each `period`.
    Bucket {
        /// Amount that it gains in a period.
        limit: u64,
        /// Length of a period.
        period: Duration,
        /// Amount that it holds.
        capacity: u64,
    },
    /// Window of `limit`, begun by the first request after the one before is over.
    Window {
        /// Amount in a window.
        limit: u64,
        /// Length of a window.
        period: Duration,
    },
    /// Places, each free again when its request ends.
    Places {
        /// Number of places.
        limit: u64,
    },
}

impl Pace {
    /// Returns the limit as the provider states it.
    pub const fn limit(self) -> u64 {
        match self {
            Self::Bucket { limit, .. } | Self::Window { limit, .. } | Self::Places { limit } => {
                limit
            }
        }
    }

    /// Returns the amount that fits at once.
    pub const fn capacity(self) -> u64 {
        match self {
            Self::Bucket { capacity, .. } => capacity,
            Self::Window { limit, .. } | Self::Places { limit } => limit,
        }
    }

    /// Returns the length of the period that the limit is for.
    pub const fn period(self) -> Duration {
        match self {
            Self::Bucket { period, .. } | Self::Window { period, .. } => period,
            Self::Places { .. } => Duration::ZERO,
        }
    }

    /// Divides the period by `factor`.
    #[must_use]
    pub fn faster(mut self, factor: u32) -> Self {
        if let Self::Bucket { period, .. } | Self::Window { period, .. } = &mut self {
            *period /= factor;
        }
        self
    }
}

/// A row at work. Counts exactly, in parts of which a unit has as many as its period has nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    pace: Pace,
    /// Parts that are left. Below zero after amounts that nothing was asked for before.
    level: i128,
    /// Instant up to which `level` is counted.
    at: Duration,
    /// End of the window.
    ends: Option<Duration>,
    /// Instant of the first charge.
    begun: Option<Duration>,
    /// Amount counted in each period since the first charge.
    counted: Vec<i64>,
}

impl Counter {
    /// Creates a row of which nothing has been used.
    pub(super) fn new(pace: Pace) -> Self {
        let mut counter = Self {
            pace,
            level: 0,
            at: Duration::ZERO,
            ends: None,
            begun: None,
            counted: Vec::new(),
        };
        counter.level = counter.parts(pace.capacity());
        counter
    }

    /// Returns the rule.
    pub(super) const fn pace(&self) -> Pace {
        self.pace
    }

    /// Lets time pass until `now`.
    pub(super) fn pass(&mut self, now: Duration) {
        let gone = now.saturating_sub(self.at);
        self.at = self.at.max(now);
        let full = self.parts(self.pace.capacity());
        match self.pace {
            Pace::Bucket { limit, .. } => {
                let gained = i128::from(limit) * nanos(gone);
                self.level = self.level.saturating_add(gained).min(full);
            }
            Pace::Window { .. } => {
                if self.ends.is_some_and(|ends| ends <= now) {
                    self.ends = None;
                    self.level = full;
                }
            }
            Pace::Places { .. } => {}
        }
    }

    /// Returns the time until `amount` fits, zero if it does now.
    pub(super) fn wait_for(&self, amount: u64) -> Duration {
        let missing = self.parts(amount) - self.level;
        if missing <= 0 {
            return Duration::ZERO;
        }
        match self.pace {
            Pace::Bucket { limit, .. } => from_nanos(ceiling(missing, i128::from(limit))),
            Pace::Window { .. } => self.until_end(),
            Pace::Places { .. } => Duration::ZERO,
        }
    }

    /// Returns whether `amount` fits now.
    pub(super) fn fits(&self, amount: u64) -> bool {
        self.parts(amount) <= self.level
    }

    /// Takes `amount`, or gives so much back if it is below zero.
    pub(super) fn charge(&mut self, amount: i64) {
        let begun = *self.begun.get_or_insert(self.at);
        if let Pace::Window { period, .. } = self.pace {
            self.ends.get_or_insert(self.at + period);
        }
        let full = self.parts(self.pace.capacity());
        self.level = (self.level - i128::from(amount) * self.unit()).min(full);
        let gone = nanos(self.at.saturating_sub(begun));
        let periods = gone.checked_div(nanos(self.pace.period()));
        let nth = periods.map_or(0, |nth| usize::try_from(nth).expect("a short run"));
        if self.counted.len() <= nth {
            self.counted.resize(nth + 1, 0);
        }
        self.counted[nth] += amount;
    }

    /// Takes `amount`, or as much of it as is left.
    pub(super) fn charge_what_is_left(&mut self, amount: u64) {
        let amount = amount.min(self.left());
        self.charge(i64::try_from(amount).unwrap_or(i64::MAX));
    }

    /// Returns the amount that is left.
    pub(super) fn left(&self) -> u64 {
        u64::try_from(self.level.div_euclid(self.unit())).unwrap_or(0)
    }

    /// Returns the time until the row is full, or its window is over.
    pub(super) fn reset(&self) -> Duration {
        match self.pace {
            Pace::Window { .. } => self.until_end(),
            Pace::Bucket { .. } | Pace::Places { .. } => self.wait_for(self.pace.capacity()),
        }
    }

    /// Returns the amounts counted in each period since the first charge.
    pub(super) fn counted(&self) -> &[i64] {
        &self.counted
    }

    /// Returns the amount that a row which is full at first lets through in a time.
    pub(super) fn offered(&self, gone: Duration) -> f64 {
        let periods = gone.as_secs_f64() / self.pace.period().as_secs_f64().max(1e-9);
        match self.pace {
            Pace::Bucket {
                limit, capacity, ..
            } => float(capacity) + float(limit) * periods,
            Pace::Window { limit, .. } => float(limit) * (periods.floor() + 1.0),
            Pace::Places { limit } => float(limit),
        }
    }

    fn until_end(&self) -> Duration {
        let ends = self.ends.unwrap_or(self.at);
        ends.saturating_sub(self.at)
    }

    /// Parts of one unit.
    fn unit(&self) -> i128 {
        nanos(self.pace.period()).max(1)
    }

    fn parts(&self, amount: u64) -> i128 {
        i128::from(amount) * self.unit()
    }
}

fn nanos(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

fn from_nanos(nanos: i128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

const fn ceiling(parts: i128, by: i128) -> i128 {
    if by == 0 {
        return i128::MAX;
    }
    (parts + by - 1) / by
}

#[expect(clippy::cast_precision_loss, reason = "for shares in tables")]
const fn float(amount: u64) -> f64 {
    amount as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_bucket_gains_its_limit_in_a_period_and_says_when_it_is_full() {
        let pace = Pace::Bucket {
            limit: 5_000,
            period: 60 * SECOND,
            capacity: 5_000,
        };
        let mut counter = Counter::new(pace);
        counter.charge(1);
        assert_eq!(
            (counter.left(), counter.reset()),
            (4_999, Duration::from_millis(12))
        );
        counter.charge(6_000);
        assert_eq!((counter.left(), counter.fits(0)), (0, false));
        counter.pass(60 * SECOND);
        assert_eq!(counter.left(), 3_999);
        assert_eq!(counter.wait_for(4_000), Duration::from_millis(12));
        assert_eq!(counter.counted(), [6_001]);
        counter.charge(-1);
        assert_eq!(counter.counted(), [6_001, -1]);
    }

    #[test]
    fn a_window_begins_with_a_request() {
        let period = 10 * SECOND;
        let mut counter = Counter::new(Pace::Window { limit: 2, period });
        counter.pass(3 * SECOND);
        counter.charge(2);
        counter.pass(9 * SECOND);
        assert_eq!((counter.left(), counter.wait_for(1)), (0, 4 * SECOND));
        counter.pass(13 * SECOND);
        assert_eq!((counter.left(), counter.reset()), (2, Duration::ZERO));
    }

    #[test]
    fn more_than_is_left_is_not_taken_of_a_row_that_counts_refusals() {
        let pace = Pace::Bucket {
            limit: 1,
            period: SECOND,
            capacity: 1,
        };
        let mut counter = Counter::new(pace);
        counter.charge_what_is_left(3);
        assert_eq!(counter.wait_for(1), SECOND);
    }
}
