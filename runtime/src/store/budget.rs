//! Budget of retries that processes share.

use super::Ticks;

/// Time without use after which a budget is full.
pub(super) const FORGOTTEN: Ticks = Ticks::from_secs(3600);

/// Units that come with each span of [`RetryBudget::trickle`].
const TRICKLED: u64 = 1000;

/// Largest number of units.
pub(super) const MAX_UNITS: u64 = 1 << 50;

/// Settings of a budget of retries: they travel with each action, as limits do.
///
/// A retry is 1,000,000 units, so that a share of six decimals of it is a whole number.
///
/// # Examples
///
/// ```
/// use paced::store::{RetryBudget, Ticks};
///
/// // Ten retries, and one more every ten seconds whatever else is paid in.
/// let budget = RetryBudget { most: 10 * RetryBudget::RETRY, trickle: Ticks::from_millis(10) };
/// assert_eq!(budget.trickle * 1000, Ticks::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RetryBudget {
    /// Largest number of units that are saved up.
    pub most: u64,
    /// Time in which 1,000 units, a thousandth of a retry, come by themselves; 0: none do.
    pub trickle: Ticks,
}

impl RetryBudget {
    /// Units of a retry.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::RetryBudget;
    ///
    /// assert_eq!(RetryBudget::RETRY / 5, 200_000);
    /// ```
    pub const RETRY: u64 = 1_000_000;
}

/// Level of a budget of retries. The default is a full one.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, RetryBudget, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let budget = RetryBudget { most: RetryBudget::RETRY, trickle: Ticks::ZERO };
/// let withdraw = Action::Withdraw { units: RetryBudget::RETRY, budget };
/// let request = Request::new(withdraw, limits).then(withdraw_again(budget));
/// let reply = step(&mut State::default(), Ticks::from_secs(1_000), &request);
/// assert_eq!((reply.answers[0].granted, reply.answers[1].granted), (1, 0));
/// assert_eq!(reply.state.budget.missing, RetryBudget::RETRY);
///
/// fn withdraw_again(budget: RetryBudget) -> Action {
///     Action::Withdraw { units: RetryBudget::RETRY, budget }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BudgetState {
    /// Units that are missing to a full budget.
    pub missing: u64,
    /// Instant up to which units have trickled in. An hour later the budget is full.
    pub at: Ticks,
}

impl BudgetState {
    /// Pays in. Returns 1.
    pub(super) fn deposit(&mut self, units: u64, budget: RetryBudget, now: Ticks) -> u32 {
        self.refill(budget, now);
        self.missing = self.missing.saturating_sub(units.min(MAX_UNITS));
        self.settle();
        1
    }

    /// Takes out, all or nothing. Returns 1 where it did, else 0.
    pub(super) fn withdraw(&mut self, units: u64, budget: RetryBudget, now: Ticks) -> u32 {
        self.refill(budget, now);
        let units = units.min(MAX_UNITS);
        if self.missing + units > budget.most.min(MAX_UNITS) {
            return 0;
        }
        if self.missing == 0 {
            self.at = now;
        }
        self.missing += units;
        self.settle();
        1
    }

    /// Adds what has trickled in.
    fn refill(&mut self, budget: RetryBudget, now: Ticks) {
        self.at = self.at.min(now);
        self.missing = self.missing.min(budget.most.min(MAX_UNITS));
        let passed = now - self.at;
        if passed >= FORGOTTEN {
            self.missing = 0;
        } else if budget.trickle == Ticks::ZERO {
            self.at = now;
        } else {
            let spans = passed / budget.trickle;
            self.missing = self.missing.saturating_sub(spans * TRICKLED);
            self.at = self.at + budget.trickle * spans;
        }
        self.settle();
    }

    fn settle(&mut self) {
        if self.missing == 0 {
            self.at = Ticks::ZERO;
        }
    }
}
