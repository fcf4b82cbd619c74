//! The thread-local copy of the current scope.

use core::cell::Cell;
use core::mem::ManuallyDrop;
use core::num::NonZeroU16;

use super::ResetUnit;
use super::bounds::Bounds;
use super::scope::Notes;
use super::scope::Scope;
use super::stopwatch::Stopwatch;
use super::told::ResponseFlags;

/// The current scope of a thread, or [`Scope::NONE`].
///
/// Each field is a cell of its own, because a struct that is written in parts and read as a whole defeats the
/// processor's store forwarding. There is no destructor, because thread-local variables with one are checked at each
/// access. The fields have this order because the compiler joins accesses to neighbours of the same size.
#[repr(C)]
pub(super) struct Current {
    pub(super) bounds: Cell<Bounds>,
    pub(super) number: Cell<u32>,
    pub(super) notes: Cell<Option<ManuallyDrop<Box<Notes>>>>,
    pub(super) status: Cell<Option<NonZeroU16>>,
    pub(super) told: Cell<ResponseFlags>,
    pub(super) waited: Cell<Stopwatch>,
}

impl Current {
    pub(super) const fn new() -> Self {
        Self {
            bounds: Cell::new(Bounds::NONE),
            notes: Cell::new(None),
            number: Cell::new(0),
            status: Cell::new(None),
            told: Cell::new(ResponseFlags::of(ResetUnit::Guess)),
            waited: Cell::new(Stopwatch::NEW),
        }
    }

    /// Exchanges the current scope and `scope`.
    #[inline]
    pub(super) fn swap(&self, scope: &mut Scope) {
        let notes = scope.notes.take().map(ManuallyDrop::new);
        scope.notes = self.notes.replace(notes).map(ManuallyDrop::into_inner);
        scope.bounds = self.bounds.replace(scope.bounds);
        scope.number = self.number.replace(scope.number);
        scope.status = self.status.replace(scope.status);
        scope.told = self.told.replace(scope.told);
        scope.waited = self.waited.replace(scope.waited);
    }

    /// Returns whether the current scope has [`Notes`].
    #[cfg(feature = "http")]
    pub(super) fn has_notes(&self) -> bool {
        let notes = self.notes.take();
        let some = notes.is_some();
        self.notes.set(notes);
        some
    }
}
