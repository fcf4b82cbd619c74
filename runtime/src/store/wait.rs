//! Time until a token may be used, or since.

use super::Ticks;

/// Time from now, by a store's clock, to the instant of a token. That instant may be past.
///
/// # Examples
///
/// ```
/// use paced::store::{Ticks, Wait};
///
/// let (later, earlier) = (Wait::ahead(Ticks::SECOND), Wait::past(Ticks::SECOND));
/// assert_eq!((later.to_come(), later.gone()), (Ticks::SECOND, Ticks::ZERO));
/// assert_eq!((earlier.to_come(), earlier.gone()), (Ticks::ZERO, Ticks::SECOND));
/// assert!(earlier < Wait::NONE && Wait::NONE < later);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Wait(i64);

impl Wait {
    /// Wait for an instant that is now.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Ticks, Wait};
    ///
    /// assert_eq!(Wait::NONE, Wait::ahead(Ticks::ZERO));
    /// assert_eq!(Wait::NONE, Wait::past(Ticks::ZERO));
    /// ```
    pub const NONE: Self = Self(0);

    /// Returns the wait for an instant that is `ticks` ahead.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Ticks, Wait};
    ///
    /// assert_eq!(Wait::ahead(Ticks::new(7)).to_come(), Ticks::new(7));
    /// ```
    pub const fn ahead(ticks: Ticks) -> Self {
        Self(signed(ticks))
    }

    /// Returns the wait for an instant that is `ticks` past.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Ticks, Wait};
    ///
    /// assert_eq!(Wait::past(Ticks::new(7)).gone(), Ticks::new(7));
    /// ```
    pub const fn past(ticks: Ticks) -> Self {
        Self(-signed(ticks))
    }

    /// Returns the time until the instant, zero if it is past.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Ticks, Wait};
    ///
    /// assert_eq!(Wait::past(Ticks::SECOND).to_come(), Ticks::ZERO);
    /// ```
    pub const fn to_come(self) -> Ticks {
        if self.0 > 0 {
            Ticks::new(self.0.unsigned_abs())
        } else {
            Ticks::ZERO
        }
    }

    /// Returns the time since the instant, zero if it is ahead.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Ticks, Wait};
    ///
    /// assert_eq!(Wait::ahead(Ticks::SECOND).gone(), Ticks::ZERO);
    /// ```
    pub const fn gone(self) -> Ticks {
        if self.0 < 0 {
            Ticks::new(self.0.unsigned_abs())
        } else {
            Ticks::ZERO
        }
    }

    /// Returns the wait for an instant that is later by `ticks`.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Ticks, Wait};
    ///
    /// let first = Wait::past(3 * Ticks::SECOND);
    /// assert_eq!(first.later(5 * Ticks::SECOND), Wait::ahead(2 * Ticks::SECOND));
    /// ```
    #[must_use]
    pub const fn later(self, ticks: Ticks) -> Self {
        Self(self.0.saturating_add(signed(ticks)))
    }

    /// Returns the wait in ticks, negative for an instant that is past: a number to be stored or sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Ticks, Wait};
    ///
    /// assert_eq!(Wait::past(Ticks::new(7)).get(), -7);
    /// ```
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Returns the wait of so many ticks, negative for an instant that is past.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Ticks, Wait};
    ///
    /// assert_eq!(Wait::new(-7), Wait::past(Ticks::new(7)));
    /// ```
    pub const fn new(ticks: i64) -> Self {
        Self(ticks)
    }

    /// Returns the time from `now` to `instant`.
    pub(super) const fn between(now: Ticks, instant: Ticks) -> Self {
        Self(signed(instant).saturating_sub(signed(now)))
    }
}

const fn signed(ticks: Ticks) -> i64 {
    if ticks.get() > i64::MAX.unsigned_abs() {
        return i64::MAX;
    }
    i64::from_ne_bytes(ticks.get().to_ne_bytes())
}
