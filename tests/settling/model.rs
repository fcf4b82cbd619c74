//! Bucket that counts what requests really took.

use paced::Quota;
use test_support::life::SLACK;
use tokio::time::Instant;

/// A quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    pub(crate) quota: Quota,
    /// Tokens of a period.
    pub(crate) count: u32,
}

/// Bucket of a server, which counts each request as it was granted, and what it took beyond its cost once that is known.
#[derive(Debug)]
pub(crate) struct Model {
    rate: f64,
    capacity: f64,
    level: f64,
    /// Tokens of a period, the most that a limiter owes.
    period: f64,
    /// Tokens that may have been forgiven in parts.
    pub(crate) parts_forgiven: f64,
    owed_now: (Instant, f64),
    at: Instant,
}

/// More tokens than calls spend beyond their costs.
const MOST_OWED: f64 = 40_000.0;

impl Model {
    pub(crate) fn new(Declared { quota, count }: Declared) -> Self {
        let capacity = f64::from(quota.burst().get());
        Self {
            rate: quota.rate().hz(),
            capacity,
            level: capacity,
            period: f64::from(count),
            parts_forgiven: 0.0,
            owed_now: (Instant::now(), 0.0),
            at: Instant::now(),
        }
    }

    fn pass(&mut self) {
        let now = Instant::now();
        let gained = (now - self.at).as_secs_f64() * self.rate;
        self.at = now;
        // While callers wait, tokens of a late timer are kept.
        let most = self.capacity + self.rate * SLACK.as_secs_f64();
        self.level = (self.level + gained).min(most);
    }

    /// Takes tokens, and returns what is left.
    pub(crate) fn charge(&mut self, tokens: u64) -> f64 {
        self.pass();
        let tokens = u32::try_from(tokens).expect("a small cost");
        self.level -= f64::from(tokens);
        self.level
    }

    /// Takes tokens that were spent beyond a cost.
    pub(crate) fn owe(&mut self, tokens: u64) {
        self.charge(tokens);
        let tokens_now = f64::from(u32::try_from(tokens).expect("a small cost"));
        self.owed_now = match self.owed_now {
            (at, before) if at == self.at => (at, before + tokens_now),
            _ => (self.at, tokens_now),
        };
        // Forgiven tokens are counted as whole ones.
        if tokens > 0 && self.period < MOST_OWED {
            self.parts_forgiven += 1.0;
        }
    }

    /// Returns the tokens that were spent beyond costs at this very instant: the permit of a call may be older.
    pub(crate) fn owed_now(&self) -> f64 {
        let (at, tokens) = self.owed_now;
        if at == self.at { tokens } else { 0.0 }
    }

    /// Changes the quota. Tokens that are used up stay so, as far as the bucket can tell; what is owed stays so.
    pub(crate) fn set(&mut self, Declared { quota, count }: Declared) {
        self.pass();
        let capacity = f64::from(quota.burst().get());
        let owed = (-self.level).max(0.0);
        let used = (self.capacity - self.level - owed).clamp(0.0, capacity);
        self.level = capacity - used - owed;
        self.capacity = capacity;
        self.rate = quota.rate().hz();
        self.period = f64::from(count);
    }
}
