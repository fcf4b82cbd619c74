//! Phase of an attempt.

use core::mem;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ops::DerefMut;
use core::pin::Pin;

use tokio::time::Sleep;

use crate::limiter::JointWait;
use crate::limiter::Ticket;
use crate::time::Instant;

/// Phase of an attempt.
#[derive(Debug)]
pub(super) enum Phase {
    /// A permit is wanted, or the attempt has ended.
    Idle,
    /// The body runs, since this instant.
    Running(Instant),
    /// The end of its backoff.
    Backoff(Pin<Box<Sleep>>),
    /// Its turn in the limiter's queue.
    Turn(Ticket),
    /// Permits of the server's resources and of the limiter.
    Gathering(Box<Gathering>),
    /// Permits of several limiters at the same time.
    Joint(Box<JointWait>),
    /// The body runs, and has been pending: the end of its time is waited for as well.
    Timed(Box<Cut>),
}

/// Phase of a call. Dropping it takes one comparison while the body runs: the destructors of the other phases are out of
/// line, where the compiler would not put them in every setting.
#[derive(Debug)]
pub(super) struct CallPhase(ManuallyDrop<Phase>);

impl CallPhase {
    pub(super) const fn new() -> Self {
        Self(ManuallyDrop::new(Phase::Idle))
    }

    #[cold]
    #[inline(never)]
    fn end(&mut self) {
        let ended = mem::replace(&mut self.0, ManuallyDrop::new(Phase::Idle));
        drop(ManuallyDrop::into_inner(ended));
    }
}

impl Deref for CallPhase {
    type Target = Phase;

    #[inline]
    fn deref(&self) -> &Phase {
        &self.0
    }
}

impl DerefMut for CallPhase {
    #[inline]
    fn deref_mut(&mut self) -> &mut Phase {
        &mut self.0
    }
}

impl Drop for CallPhase {
    #[inline]
    fn drop(&mut self) {
        if !matches!(**self, Phase::Idle | Phase::Running(_)) {
            self.end();
        }
    }
}

/// Time limit of an attempt.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) since: Instant,
    pub(super) end: Instant,
    pub(super) sleep: Pin<Box<Sleep>>,
}

impl Phase {
    /// Records that the body runs from now on.
    #[inline]
    pub(super) fn begin(&mut self, now: Instant) {
        // These variants need no drop. For an assignment without this test the compiler would add the drop of the others.
        if let Phase::Idle | Phase::Running(_) = self {
            *self = Phase::Running(now);
        }
    }

    /// Returns whether the attempt waits for its turn or for the end of its backoff.
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        matches!(
            self,
            Phase::Backoff(_) | Phase::Turn(_) | Phase::Gathering(_) | Phase::Joint(_)
        )
    }

    /// Returns the instant since which the body runs.
    #[inline]
    pub(super) fn sent(&self) -> Option<Instant> {
        match self {
            Phase::Running(sent) => Some(*sent),
            Phase::Timed(cut) => Some(cut.since),
            Phase::Idle
            | Phase::Backoff(_)
            | Phase::Turn(_)
            | Phase::Gathering(_)
            | Phase::Joint(_) => None,
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
    pub(super) latest: Option<Instant>,
    /// A permit of the limiter was given up because there was none of a resource.
    pub(super) returned: bool,
}
