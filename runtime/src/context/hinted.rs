//! Hints that the body of a call gives, of limits that it was told of elsewhere than in headers.

use core::num::NonZeroU16;

use crate::clock;
use crate::hint::Hint;

use super::Scope;

/// Status of a response that a limit refused, whatever it was on the wire.
const TOO_MANY_REQUESTS: NonZeroU16 = NonZeroU16::new(429).expect("above 0");

/// Status of any other response.
const OK: NonZeroU16 = NonZeroU16::new(200).expect("above 0");

impl Scope {
    /// Records a hint of the body.
    pub(super) fn hear(&mut self, hint: Hint) {
        let status = self.status.filter(|status| status.get() >= 400);
        let status = status.or_else(|| hint.limited().then_some(TOO_MANY_REQUESTS));
        self.status = status.or(self.status).or(Some(OK));
        let unheard = self.told.is_unheard();
        self.told.set_unheard();
        let now = clock::now();
        let notes = self.notes();
        notes.spent = None;
        let hint = match &notes.hint {
            Some((earlier, received)) => hint.joined(earlier, now.since(*received).into(), unheard),
            None => hint,
        };
        notes.hint = Some((hint, now));
    }
}
