//! State of an attempt's responses in one byte: it is part of every call's future.

#[cfg(feature = "http")]
use crate::headers::Parser;
#[cfg(feature = "http")]
use crate::headers::ResetKind;

/// Meaning of a bare number in a reset field: `headers::ResetKind`, which is only there with feature `http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetUnit {
    /// By its size.
    Guess,
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Millis,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
}

impl ResetUnit {
    /// Reads responses of a server that counts in this unit.
    #[cfg(feature = "http")]
    pub(crate) const fn parser(self) -> Parser {
        Parser::new().reset_kind(match self {
            Self::Guess => ResetKind::Guess,
            Self::Seconds => ResetKind::Seconds,
            Self::Millis => ResetKind::Millis,
            Self::EpochSeconds => ResetKind::EpochSeconds,
            Self::EpochMillis => ResetKind::EpochMillis,
        })
    }
}

/// Whether `observe` saw something that the limiter has not heard of, and what resets are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told(u8);

/// The lowest bit; the unit is in the three above.
const UNHEARD: u8 = 1;
#[cfg(feature = "http")]
const UNIT: u8 = 7;
#[cfg(feature = "test-util")]
const UNPACED: u8 = 1 << 6;

impl Told {
    /// Nothing yet.
    pub(super) const fn of(unit: ResetUnit) -> Self {
        Self((unit as u8) << 1)
    }

    #[cfg(feature = "http")]
    pub(super) const fn unit(self) -> ResetUnit {
        match (self.0 >> 1) & UNIT {
            1 => ResetUnit::Seconds,
            2 => ResetUnit::Millis,
            3 => ResetUnit::EpochSeconds,
            4 => ResetUnit::EpochMillis,
            _ => ResetUnit::Guess,
        }
    }

    #[cfg(feature = "test-util")]
    pub(super) const fn is_unpaced(self) -> bool {
        self.0 & UNPACED != 0
    }

    #[cfg(feature = "test-util")]
    pub(super) const fn set_unpaced(&mut self) {
        self.0 |= UNPACED;
    }

    #[inline]
    pub(super) const fn is_unheard(self) -> bool {
        self.0 & UNHEARD != 0
    }

    #[cfg(feature = "http")]
    pub(super) const fn set_unheard(&mut self) {
        self.0 |= UNHEARD;
    }

    pub(super) const fn set_heard(&mut self) {
        self.0 &= !UNHEARD;
    }
}

#[cfg(all(test, feature = "http"))]
mod tests {
    use super::*;

    #[test]
    fn the_unit_stays_what_it_is() {
        for unit in [
            ResetUnit::Guess,
            ResetUnit::Seconds,
            ResetUnit::Millis,
            ResetUnit::EpochSeconds,
            ResetUnit::EpochMillis,
        ] {
            let mut told = Told::of(unit);
            assert_eq!((told.unit(), told.is_unheard()), (unit, false));
            told.set_unheard();
            assert_eq!((told.unit(), told.is_unheard()), (unit, true));
            told.set_heard();
            assert_eq!((told.unit(), told.is_unheard()), (unit, false));
        }
    }
}
