//! Errors that another error displays without naming them as its source, as `#[error(transparent)]` of
//! thiserror does. Only their text is left.

use core::fmt;
use core::fmt::Write as _;

use crate::failure::Failure;

/// Returns the failure that the text of an error tells.
pub(super) fn failure(error: &dyn fmt::Display) -> Option<Failure> {
    let mut text = Start {
        bytes: [0; 96],
        len: 0,
    };
    // A full buffer is an error of `write!` and all that is wanted.
    let _ = write!(text, "{error}");
    let text = text.as_str();
    #[cfg(feature = "reqwest")]
    if let Some(failure) = reqwest(text) {
        return Some(failure);
    }
    #[cfg(feature = "ureq")]
    if let Some(failure) = ureq(text) {
        return Some(failure);
    }
    #[cfg(feature = "tonic")]
    if let Some(failure) = super::tonic::failure_told(text) {
        return Some(failure);
    }
    None
}

/// `HTTP status client error (429 Too Many Requests) for url ..`
#[cfg(feature = "reqwest")]
fn reqwest(text: &str) -> Option<Failure> {
    let rest = text.strip_prefix("HTTP status ")?;
    let rest = rest
        .strip_prefix("client")
        .or_else(|| rest.strip_prefix("server"))?;
    let status = rest.strip_prefix(" error (")?.get(..3)?;
    status.parse().ok().map(Failure::Status)
}

/// `http status: 429`, which is all of it.
#[cfg(feature = "ureq")]
fn ureq(text: &str) -> Option<Failure> {
    let status = text.strip_prefix("http status: ")?;
    let status = status.parse().ok()?;
    (400..600)
        .contains(&status)
        .then_some(Failure::Status(status))
}

/// The start of a text.
struct Start {
    bytes: [u8; 96],
    len: usize,
}

impl fmt::Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.len() - self.len;
        let taken = text.len().min(room);
        self.bytes[self.len..self.len + taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.len += taken;
        if taken < text.len() {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

impl Start {
    /// Returns all of it that is whole characters.
    fn as_str(&self) -> &str {
        let bytes = &self.bytes[..self.len];
        let whole = core::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        core::str::from_utf8(&bytes[..whole]).unwrap_or_default()
    }
}
