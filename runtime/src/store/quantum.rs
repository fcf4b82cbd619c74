//! Limits of more tokens than ticks can tell apart.

use super::Limit;
use super::Ticks;

/// Number of tokens that a limit counts as one, where there are more than 100,000 a second.
///
/// It follows from the rate alone, so that all processes agree. Costs are rounded up and what is given back is rounded
/// down: nothing is gained by it.
///
/// # Examples
///
/// ```
/// use paced::store::{Limit, Quantum, Ticks};
///
/// // 150 million tokens a minute: 2.5 million a second.
/// let quantum = Quantum::of(150_000_000, Ticks::from_secs(60));
/// assert_eq!(quantum.tokens(), 25);
/// assert_eq!(quantum.limit(2_500_000).interval(), Limit::MIN_INTERVAL);
/// assert_eq!((quantum.up(2_501), quantum.down(2_524)), (101, 100));
/// // Slower ones are counted token by token.
/// assert_eq!(Quantum::of(5_000, Ticks::from_secs(3600)).tokens(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quantum {
    tokens: u64,
    /// Rounded up, to the next tick.
    interval: Ticks,
}

impl Quantum {
    /// Returns the quantum of a rate of `count` tokens in each `period`. None and no time count as one.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Quantum, Ticks};
    ///
    /// assert_eq!(Quantum::of(100_000, Ticks::SECOND).tokens(), 1);
    /// assert_eq!(Quantum::of(100_001, Ticks::SECOND).tokens(), 2);
    /// ```
    pub fn of(count: u64, period: Ticks) -> Self {
        let (count, period) = (u128::from(count.max(1)), u128::from(period.get().max(1)));
        let least = u128::from(Limit::MIN_INTERVAL.get());
        let tokens = (count * least).div_ceil(period).max(1);
        let interval = (tokens * period).div_ceil(count);
        let whole = |number| u64::try_from(number).unwrap_or(u64::MAX);
        Self {
            tokens: whole(tokens),
            interval: Ticks::new(whole(interval)),
        }
    }

    /// Returns the number of tokens in a quantum.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Quantum, Ticks};
    ///
    /// assert_eq!(Quantum::of(1_000_000, Ticks::SECOND).tokens(), 10);
    /// ```
    pub const fn tokens(self) -> u64 {
        self.tokens
    }

    /// Returns the limit of this rate in quanta, which holds `burst` tokens: rounded down, and one quantum at least.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Quantum, Ticks};
    ///
    /// let limit = Quantum::of(1_000_000, Ticks::SECOND).limit(1_000_000);
    /// assert_eq!(limit.interval(), Ticks::SECOND / 100_000);
    /// assert_eq!(limit.capacity(), Ticks::SECOND);
    /// ```
    pub fn limit(self, burst: u64) -> Limit {
        let quanta = u32::try_from(burst / self.tokens).unwrap_or(u32::MAX);
        Limit::new(self.interval, quanta)
    }

    /// Returns the quanta that a cost of `tokens` takes: rounded up.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Quantum, Ticks};
    ///
    /// assert_eq!(Quantum::of(1_000_000, Ticks::SECOND).up(11), 2);
    /// ```
    pub const fn up(self, tokens: u64) -> u64 {
        tokens.div_ceil(self.tokens)
    }

    /// Returns the quanta that are given back for `tokens`: rounded down.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Quantum, Ticks};
    ///
    /// assert_eq!(Quantum::of(1_000_000, Ticks::SECOND).down(19), 1);
    /// ```
    pub const fn down(self, tokens: u64) -> u64 {
        tokens / self.tokens
    }

    /// Returns the correction in quanta of a call that drew `drawn` tokens and used `used`, for
    /// [`Action::Settle`](super::Action::Settle): what was drawn is known rounded up, and so is what was used.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Quantum, Ticks};
    ///
    /// let quantum = Quantum::of(1_000_000, Ticks::SECOND);
    /// assert_eq!((quantum.delta(100, 41), quantum.delta(100, 141)), (-5, 5));
    /// ```
    pub fn delta(self, drawn: u64, used: u64) -> i64 {
        let signed = |quanta| i64::try_from(quanta).unwrap_or(i64::MAX);
        signed(self.up(used)) - signed(self.up(drawn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quanta_never_let_more_through_and_lose_little() {
        for rate in (1..3_000_000_u64).step_by(7919) {
            let quantum = Quantum::of(rate, Ticks::SECOND);
            let limit = quantum.limit(rate);
            let (interval, tokens) = (limit.interval().get(), quantum.tokens());
            assert!(interval >= Limit::MIN_INTERVAL.get(), "{rate}");
            // Tokens of ten thousand seconds.
            let flow = 10_000 * Ticks::SECOND.get() / interval * tokens;
            assert!(flow <= rate * 10_000, "{rate}");
            // By less than a tick in 40.
            assert!(flow >= rate * 10_000 / 41 * 40 - tokens, "{rate}");
            assert_eq!(tokens, rate.div_ceil(100_000), "{rate}");
        }
    }

    #[test]
    fn rates_of_whole_quanta_lose_nothing() {
        for (rate, tokens) in [(2_500_000, 25), (1_000_000, 10), (200_000, 2)] {
            let quantum = Quantum::of(rate, Ticks::SECOND);
            assert_eq!(quantum.tokens(), tokens);
            assert_eq!(quantum.limit(1).interval(), Limit::MIN_INTERVAL);
        }
    }

    #[test]
    fn rounding_gains_nothing_however_a_cost_is_settled() {
        let quantum = Quantum::of(2_500_000, Ticks::SECOND);
        for (drawn, used) in [
            (0, 0),
            (1, 0),
            (24, 26),
            (2_500, 1),
            (99, 101),
            (1, u64::MAX),
        ] {
            let charged = i128::from(quantum.up(drawn)) + i128::from(quantum.delta(drawn, used));
            assert!(charged * 25 >= i128::from(used), "{drawn} {used}");
        }
        assert_eq!(quantum.up(2_500), 100);
    }
}
