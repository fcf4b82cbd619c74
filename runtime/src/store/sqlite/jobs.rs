//! Jobs: requests to the thread of a file.

use std::path::Path;

use tokio::sync::oneshot;

use crate::store::ListRequest;
use crate::store::Listing;
use crate::store::Reply;
use crate::store::Request;
use crate::store::StoreError;

use super::error::SqliteFailure;

/// A request, and where its answer goes.
#[expect(clippy::large_enum_variant, reason = "nearly all are of the large one")]
pub(super) enum Job {
    Step {
        key: Box<str>,
        request: Request,
        reply: ReplyTo<Reply>,
    },
    List {
        request: ListRequest,
        reply: ReplyTo<Listing>,
    },
}

type ReplyTo<T> = oneshot::Sender<Result<T, StoreError>>;

/// Result of a job.
#[expect(clippy::large_enum_variant, reason = "nearly all are of the large one")]
pub(super) enum Done {
    Step(Reply),
    /// A listing fails alone: the requests of the same transaction are carried out.
    List(Result<Listing, SqliteFailure>),
}

impl Done {
    /// Returns the failure of a listing.
    pub(super) fn failure(&self) -> Option<&SqliteFailure> {
        match self {
            Self::List(listing) => listing.as_ref().err(),
            Self::Step(_) => None,
        }
    }
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
    pub(super) fn answer(self, done: Done, path: &Path) {
        match (self, done) {
            (Self::Step { reply, .. }, Done::Step(replied)) => drop(reply.send(Ok(replied))),
            (Self::List { reply, .. }, Done::List(listing)) => {
                drop(reply.send(listing.map_err(|failure| failure.error(path))));
            }
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
