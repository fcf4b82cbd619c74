//! Tokens that run over, and permits that were granted before and are not used yet.

use crate::bucket::Shape;

use super::desk::Desk;

/// Who has not begun for this long after the grant may never: its permit counts no more.
const BEGINS: u64 = 1_000_000_000;

/// That tokens ran over, or may have. The permits that were granted before this instant have been made
/// up for since, by tokens that would have run over otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spilt(u64);

impl Spilt {
    pub(super) const NEVER: Self = Self(0);

    /// At some time until `now`.
    pub(super) const fn by(now: u64) -> Self {
        Self(now)
    }

    /// Whether a permit that was granted at `instant` has been made up for.
    pub(super) const fn covers(self, instant: u64) -> bool {
        instant < self.0
    }
}

impl Desk {
    /// Lets tokens run over that are there for longer than `credit`, if there are any.
    ///
    /// Where the runtime stood still, some were granted a permit before it and begin after it, together
    /// with those who are granted one now: they count as if theirs was granted now as well.
    pub(super) fn spill(&mut self, shape: Shape, now: u64, credit: u64) {
        let full = now.saturating_sub(credit);
        if self.tat < full {
            let recent = now.saturating_sub(BEGINS);
            let late = self.queue.granted_since(recent);
            self.tat = full.saturating_add(shape.price(late));
            self.spilt = Spilt::by(recent);
        }
    }
}
