//! State of an attempt's responses in one byte: it is part of every call's future.

#[cfg(feature = "http")]
use crate::headers::Parser;
#[cfg(feature = "http")]
use crate::headers::ResetKind;

/// Meaning of a bare number in a reset field: `headers::ResetKind`, which needs the feature `http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetUnit {
    /// Seconds from now or an epoch, by its size.
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
    /// Returns the unit of a kind of reset.
    #[cfg(feature = "http")]
    pub(crate) const fn of(kind: ResetKind) -> Self {
        match kind {
            ResetKind::Guess => Self::Guess,
            ResetKind::Seconds => Self::Seconds,
            ResetKind::Millis => Self::Millis,
            ResetKind::EpochSeconds => Self::EpochSeconds,
            ResetKind::EpochMillis => Self::EpochMillis,
        }
    }

    /// Returns the parser for a server that sends resets in this unit.
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

/// Facts about an attempt, and the unit of resets.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResponseFlags(u8);

/// Lowest bit: a response has not been reported. The unit is in the three bits above.
const UNHEARD: u8 = 1;
#[cfg(feature = "http")]
const UNIT: u8 = 7;
/// The scope has notes.
const NOTED: u8 = 1 << 4;
/// The attempt holds a slot of its limiter.
const SLOT: u8 = 1 << 5;
#[cfg(feature = "test-util")]
const UNPACED: u8 = 1 << 6;

impl ResponseFlags {
    /// Returns the state before any response.
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

    /// Returns whether polls of the body need more than an exchange of the scopes.
    #[inline]
    pub(super) const fn is_special(self) -> bool {
        self.0 & (NOTED | SLOT) != 0
    }

    pub(super) const fn set_noted(&mut self) {
        self.0 |= NOTED;
    }

    pub(super) const fn has_slot(self) -> bool {
        self.0 & SLOT != 0
    }

    pub(super) const fn set_slot(&mut self, holds: bool) {
        self.0 = if holds { self.0 | SLOT } else { self.0 & !SLOT };
    }

    #[inline]
    pub(super) const fn is_unheard(self) -> bool {
        self.0 & UNHEARD != 0
    }

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
            let mut told = ResponseFlags::of(unit);
            assert_eq!((told.unit(), told.is_unheard()), (unit, false));
            told.set_unheard();
            assert_eq!((told.unit(), told.is_unheard()), (unit, true));
            told.set_heard();
            assert_eq!((told.unit(), told.is_unheard()), (unit, false));
        }
    }
}
