//! Share of a limit that this process uses, for the time when the store is away.

/// Number of tokens below which the share is not measured.
const ENOUGH: f64 = 10.0;

/// Number of tokens after which the older ones count half.
const MANY: f64 = 1000.0;

/// Tokens drawn by this process, and by all processes together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    own: f64,
    all: f64,
    /// Share that is assumed before it is known.
    assumed: f64,
}

impl Usage {
    pub(super) fn of_processes(processes: u32) -> Self {
        Self {
            own: 0.0,
            all: 0.0,
            assumed: 1.0 / f64::from(processes.max(1)),
        }
    }

    /// Counts the tokens drawn between two answers.
    pub(super) fn count(&mut self, own: f64, all: f64) {
        self.own += own;
        self.all += all.max(own);
        if self.all > MANY {
            self.own /= 2.0;
            self.all /= 2.0;
        }
    }

    pub(super) fn value(&self) -> f64 {
        self.measured().unwrap_or(self.assumed)
    }

    /// Returns the share, if it is known.
    pub(super) fn measured(&self) -> Option<f64> {
        (self.all >= ENOUGH).then(|| (self.own / self.all).clamp(0.001, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_assumed_until_it_is_known() {
        let mut usage = Usage::of_processes(4);
        usage.count(1.0, 2.0);
        assert!((usage.value() - 0.25).abs() < 1e-9);
        usage.count(3.0, 8.0);
        assert!((usage.value() - 0.4).abs() < 1e-9);
    }

    #[test]
    fn usage_long_past_counts_for_less() {
        let mut usage = Usage::of_processes(1);
        for _ in 0..100 {
            usage.count(0.0, 100.0);
        }
        for _ in 0..100 {
            usage.count(100.0, 100.0);
        }
        assert!(usage.value() > 0.99, "{usage:?}");
    }
}
