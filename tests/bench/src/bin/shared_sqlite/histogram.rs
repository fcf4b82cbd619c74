//! Latencies, counted in steps of a fiftieth.

const STEPS: f64 = 50.0;

/// Up to the logarithm of all nanoseconds that a `u64` holds.
const MOST: usize = 45 * 50;

/// How often something took how long.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    worst: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; MOST],
            worst: 0,
        }
    }
}

impl Histogram {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "the logarithm of a positive number, in steps"
    )]
    pub(crate) fn add(&mut self, nanos: u64) {
        let step = (nanos.max(1) as f64).ln() * STEPS;
        self.counts[step as usize] += 1;
        self.worst = self.worst.max(nanos);
    }

    /// Adds another one's counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, count) in self.counts.iter_mut().zip(&other.counts) {
            *own += count;
        }
        self.worst = self.worst.max(other.worst);
    }

    /// In nanoseconds, to a fiftieth.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "nanoseconds of a few seconds at most"
    )]
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        let all: u64 = self.counts.iter().sum();
        let mut left = (all as f64 * share).ceil() as u64;
        for (step, count) in (0_u32..).zip(&self.counts) {
            if *count >= left {
                return ((f64::from(step) + 0.5) / STEPS).exp() as u64;
            }
            left -= count;
        }
        self.worst
    }

    pub(crate) const fn worst(&self) -> u64 {
        self.worst
    }

    pub(crate) fn write(&self) -> String {
        let counts = self.counts.iter().enumerate();
        let counts: Vec<_> = counts
            .filter(|(_, count)| **count > 0)
            .map(|(step, count)| format!("{step}:{count}"))
            .collect();
        format!("{} {}", self.worst, counts.join(" "))
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let mut all = Self {
            worst: words.next()?.parse().ok()?,
            ..Self::default()
        };
        for word in words {
            let (step, count) = word.split_once(':')?;
            let step: usize = step.parse().ok()?;
            *all.counts.get_mut(step)? = count.parse().ok()?;
        }
        Some(all)
    }
}
