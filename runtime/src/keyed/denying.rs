//! Errors of keys, which do not name them.

use std::borrow::Cow;

use crate::error::Context;
use crate::error::Error;
use crate::error::Kind;
use crate::time::Instant;

use super::keys::Keys;

impl Keys {
    /// Returns the error of a new key for which there is no room.
    #[cold]
    pub(super) fn exhausted(&self) -> Error {
        self.error(Kind::KeysExhausted(self.max()))
    }

    /// Returns the error of a caller that does not wait.
    #[cold]
    pub(super) fn not_yet(&self, until: Instant, now: Instant) -> Error {
        self.error(Kind::NotYet(until.since(now).into()))
    }

    /// Adds the name of the keyed limiter to an error that names none.
    #[cold]
    pub(super) fn named(&self, error: Error) -> Error {
        if error.limiter().is_some() {
            return error;
        }
        error.at(self.context())
    }

    /// Returns an error of a key.
    fn error(&self, kind: Kind) -> Error {
        Error::new(kind).at(self.context())
    }

    fn context(&self) -> Context {
        Context {
            limiter: Cow::Borrowed(self.declared.label),
            ahead: 0,
            sent: false,
            closed: None,
            resource: None,
            unit: None,
            waited: None,
        }
    }
}
