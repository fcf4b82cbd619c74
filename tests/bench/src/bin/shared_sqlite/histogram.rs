//! Latencies, counted in steps of a fiftieth.

use std::collections::BTreeMap;

const STEPS: f64 = 50.0;

/// How often something took how long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: BTreeMap<u32, u64>,
    worst: u64,
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
        *self.counts.entry(step as u32).or_default() += 1;
        self.worst = self.worst.max(nanos);
    }

    /// Adds another one's counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (step, count) in &other.counts {
            *self.counts.entry(*step).or_default() += count;
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
        let all: u64 = self.counts.values().sum();
        let mut left = (all as f64 * share).ceil() as u64;
        for (step, count) in &self.counts {
            if *count >= left {
                return ((f64::from(*step) + 0.5) / STEPS).exp() as u64;
            }
            left -= count;
        }
        self.worst
    }

    pub(crate) const fn worst(&self) -> u64 {
        self.worst
    }

    pub(crate) fn write(&self) -> String {
        let counts = self.counts.iter();
        let counts: Vec<_> = counts
            .map(|(step, count)| format!("{step}:{count}"))
            .collect();
        format!("{} {}", self.worst, counts.join(" "))
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let worst = words.next()?.parse().ok()?;
        let mut counts = BTreeMap::new();
        for word in words {
            let (step, count) = word.split_once(':')?;
            counts.insert(step.parse().ok()?, count.parse().ok()?);
        }
        Some(Self { counts, worst })
    }
}
