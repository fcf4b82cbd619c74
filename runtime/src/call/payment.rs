//! Costs of a call.

use crate::costs::Costs;
use crate::costs::Settlement;
use crate::error::Error;
use crate::events::CallSpan;
use crate::failure::Failure;
use crate::keyed::CallKey;
use crate::limiter::AttemptResult;
use crate::limiter::KnownUnits;
use crate::limiter::Shared;

use super::config::Setup;

/// Slot for the costs of one call.
#[derive(Debug)]
pub struct OwnCosts {
    costs: Costs,
    /// Error of a call whose costs are wrong, in the place of its function's setup.
    wrong: Option<Box<Result<Setup, Error>>>,
}

impl Default for OwnCosts {
    fn default() -> Self {
        Self::new()
    }
}

impl OwnCosts {
    /// Returns an empty slot.
    pub const fn new() -> Self {
        Self {
            costs: Costs::NONE,
            wrong: None,
        }
    }

    /// Returns the cost in the first limit.
    pub(super) const fn first(&self) -> u32 {
        self.costs.of(0)
    }

    #[inline]
    pub(super) const fn costs(&self) -> &Costs {
        &self.costs
    }

    /// Sets the costs of a call that takes these amounts, in the order of its function's units. Returns `false` where a unit
    /// has to be looked up.
    #[inline]
    pub(crate) fn set_known(&mut self, known: &KnownUnits, amounts: &[u64]) -> bool {
        known.set_costs(&mut self.costs, amounts)
    }

    /// Sets the costs of a call by `set`. Returns the setup that it has to use, which refuses the call if its costs are wrong.
    pub(crate) fn fill<'s>(
        &'s mut self,
        setup: &'s Result<Setup, Error>,
        set: impl FnOnce(&mut Costs) -> Result<(), Error>,
    ) -> (&'s Result<Setup, Error>, &'s Self) {
        if let Err(error) = set(&mut self.costs) {
            self.wrong = Some(Box::new(Err(error)));
        }
        let own = &*self;
        (own.wrong.as_deref().unwrap_or(setup), own)
    }
}

/// The key of a call, if it has one.
pub(super) type KeyOfCall<'a> = Option<&'a CallKey<'a>>;

/// How a call says what it takes.
pub trait Paying {
    /// Returns the call's own costs. `None`: the usual ones of its limiter.
    fn own(&self) -> Option<&OwnCosts>;

    /// Returns the key whose limiter the call goes through.
    #[inline]
    fn key(&self) -> Option<&CallKey<'_>> {
        None
    }
}

/// The usual costs: a call takes one request.
#[derive(Clone, Copy, Debug)]
pub struct UsualCosts;

impl Paying for UsualCosts {
    #[inline]
    fn own(&self) -> Option<&OwnCosts> {
        None
    }
}

impl Paying for &OwnCosts {
    #[inline]
    fn own(&self) -> Option<&OwnCosts> {
        Some(self)
    }
}

impl Paying for Option<&OwnCosts> {
    #[inline]
    fn own(&self) -> Option<&OwnCosts> {
        *self
    }
}

/// Terms on which a call asks for permits.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallTerms<'a> {
    pub(super) own: Option<&'a OwnCosts>,
    pub(super) key: KeyOfCall<'a>,
    /// The call can be refused, or has an outcome to return instead.
    pub(super) can_refuse: bool,
}

/// Amounts that an attempt took, as its call says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paid<'a> {
    pub(super) own: Option<&'a OwnCosts>,
    /// Amounts that the option `settle` has found, in the order of the function's units.
    pub(super) spent: &'a [Option<u64>],
    pub(super) key: KeyOfCall<'a>,
}

impl<'a> Paid<'a> {
    /// Returns that the costs stand.
    #[inline]
    pub(super) const fn as_estimated(own: Option<&'a OwnCosts>) -> Self {
        Self {
            own,
            spent: &[],
            key: None,
        }
    }

    /// Returns the same for a call with a key.
    #[inline]
    pub(super) const fn of(self, key: KeyOfCall<'a>) -> Self {
        Self { key, ..self }
    }

    /// Returns whether there may be something to say of a quiet success.
    #[inline]
    pub(super) fn is_news(self) -> bool {
        self.own.is_some() && (self.spent.iter().any(Option::is_some) || CallSpan::may_be_heard())
    }
}

/// End of an attempt, as far as its costs depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing of the request was sent.
    NotSent,
    /// The server refused it.
    Refused,
    /// It was answered, or may have been carried out.
    Sent,
}

impl Ending {
    /// Returns the end of an attempt that failed.
    pub(super) const fn of(failure: Failure, result: &AttemptResult<'_>) -> Self {
        match (result, failure) {
            (AttemptResult::Refused(_) | AttemptResult::RefusedBefore(_), _) => Self::Refused,
            (_, Failure::Connect) => Self::NotSent,
            _ => Self::Sent,
        }
    }
}

/// Costs of an attempt that has ended, and their correction.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttemptCosts {
    pub(super) costs: Costs,
    /// `None`: the costs stand, or a meter will correct them.
    pub(super) settlement: Option<Settlement>,
    /// The attempt has a slot to release.
    pub(super) slot: bool,
}

/// Returns the costs of a call's attempt.
pub(super) fn costs(limiter: &Shared, own: Option<&OwnCosts>) -> Costs {
    own.map_or_else(|| limiter.usual_costs(), |own| own.costs)
}
