//! Jobs: requests to the thread of a file.

use tokio::sync::oneshot;

use crate::store::Answer;
use crate::store::ListRequest;
use crate::store::Listing;
use crate::store::Request;
use crate::store::StoreError;

/// A request, and where its answer goes.
pub(super) enum Job {
    Step {
        key: Box<str>,
        request: Request,
        reply: Reply<Answer>,
    },
    List {
        request: ListRequest,
        reply: Reply<Listing>,
    },
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// Result of a job.
pub(super) enum Done {
    Step(Answer),
    List(Listing),
}

impl Job {
    /// Returns whether no caller waits for the answer any more.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Step { reply, .. } => reply.is_closed(),
            Self::List { reply, .. } => reply.is_closed(),
        }
    }

    /// Sends the answer; a caller that has left hears nothing.
    pub(super) fn answer(self, done: Done) {
        match (self, done) {
            (Self::Step { reply, .. }, Done::Step(answer)) => drop(reply.send(Ok(answer))),
            (Self::List { reply, .. }, Done::List(listing)) => drop(reply.send(Ok(listing))),
            // Answers come in the order of the jobs.
            (job, _) => job.refuse(StoreError::unavailable("the store mixed up its answers")),
        }
    }

    pub(super) fn refuse(self, error: StoreError) {
        match self {
            Self::Step { reply, .. } => drop(reply.send(Err(error))),
            Self::List { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}
