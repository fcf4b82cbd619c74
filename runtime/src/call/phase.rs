//! Phase of an attempt.

use core::mem;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ops::DerefMut;
use core::pin::Pin;

use tokio::time::Sleep;

use crate::limiter::Ticket;

/// Phase of an attempt.
#[derive(Debug)]
pub(super) enum Phase {
    /// The body runs, since this instant; 0: a permit is wanted.
    Nothing(u64),
    /// The end of its backoff.
    Backoff(Pin<Box<Sleep>>),
    /// Its turn in the limiter's queue.
    Turn(Ticket),
    /// Permits of the server's resources and of the limiter.
    Gathering(Box<Gathering>),
    /// The body runs, and has been pending: the end of its time is waited for as well.
    Timed(Box<Cut>),
}

/// Phase of a call. Dropping it takes one comparison while the body runs: the destructors of the other phases are out of
/// line, where the compiler would not put them in every setting.
#[derive(Debug)]
pub(super) struct Wait(ManuallyDrop<Phase>);

impl Wait {
    pub(super) const fn new() -> Self {
        Self(ManuallyDrop::new(Phase::Nothing(0)))
    }

    #[cold]
    #[inline(never)]
    fn end(&mut self) {
        let ended = mem::replace(&mut self.0, ManuallyDrop::new(Phase::Nothing(0)));
        drop(ManuallyDrop::into_inner(ended));
    }
}

impl Deref for Wait {
    type Target = Phase;

    #[inline]
    fn deref(&self) -> &Phase {
        &self.0
    }
}

impl DerefMut for Wait {
    #[inline]
    fn deref_mut(&mut self) -> &mut Phase {
        &mut self.0
    }
}

impl Drop for Wait {
    #[inline]
    fn drop(&mut self) {
        if !matches!(**self, Phase::Nothing(_)) {
            self.end();
        }
    }
}

/// Time limit of an attempt.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) since: u64,
    pub(super) end: u64,
    pub(super) sleep: Pin<Box<Sleep>>,
}

impl Phase {
    /// Records that the body runs from now on.
    #[inline]
    pub(super) fn begin(&mut self, now: u64) {
        // In its place: an assignment of the whole would look for what it has to drop.
        if let Phase::Nothing(sent) = self {
            *sent = now.max(1);
        }
    }

    /// Returns whether the attempt waits for its turn or for the end of its backoff.
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        matches!(
            self,
            Phase::Backoff(_) | Phase::Turn(_) | Phase::Gathering(_)
        )
    }

    /// Returns when the attempt was let in, and 0 before.
    #[inline]
    pub(super) fn sent(&self) -> u64 {
        match self {
            Phase::Nothing(sent) => *sent,
            Phase::Timed(cut) => cut.since,
            Phase::Backoff(_) | Phase::Turn(_) | Phase::Gathering(_) => 0,
        }
    }
}

/// A wait for one permit, while others are held.
#[derive(Debug)]
pub(super) struct Gathering {
    pub(super) gathered: Gathered,
    pub(super) turn: Ticket,
    /// The permit is the limiter's, and not a resource's.
    pub(super) is_last: bool,
}

/// Permits that an attempt has so far, of those that it needs.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Permits of resources, which are used together with the limiter's.
    pub(super) held: Vec<Ticket>,
    /// Instant after which a permit is of no use, once it is known.
    pub(super) latest: Option<u64>,
    /// A permit of the limiter was given up because there was none of a resource.
    pub(super) returned: bool,
}
