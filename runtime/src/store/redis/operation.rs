//! Operations on the server: connecting, time limits and one more try are the same for all.

use core::future::Future;
use core::pin::pin;
use core::time::Duration;

use redis::RedisError;
use tokio::time::timeout;
use tokio::time::timeout_at;

use crate::clock;
use crate::store::StoreError;
use crate::time::Span;

use super::connection::Connection;
use super::connections::Connections;
use super::error;

/// Longest wait for a late answer.
const LONGEST: Duration = Duration::from_secs(30);

/// Operation on a connection.
pub(super) trait Operation: Sync {
    type Output: Send;

    fn run(
        &self,
        connection: &mut Connection,
    ) -> impl Future<Output = Result<Self::Output, RedisError>> + Send;
}

/// Time limits of a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) respond: Duration,
}

/// Connects if need be, and carries out the operation.
pub(super) async fn perform<O: Operation>(
    connections: &Connections,
    timeouts: Timeouts,
    operation: &O,
) -> Result<O::Output, StoreError> {
    let Timeouts { connect, respond } = timeouts;
    let whole = Span::of(connect).plus(Span::of(respond));
    let end = clock::now().after(whole);
    let mut again = true;
    loop {
        let (mut slot, was_there) = connections.slot(connect)?;
        let connection = timeout_at(clock::instant(end), slot.connection()).await;
        let mut connection = connection.map_err(|_| too_late(connect))??;

        let mut answer = pin!(operation.run(&mut connection));
        let mut answered = timeout(respond, answer.as_mut()).await;
        if answered.is_err() {
            // The connection may be dead without a sign, so that later requests use another one. If it
            // is not, the answer still comes, with the tokens that the request has drawn.
            connections.give_up(&slot);
            answered = timeout(LONGEST, answer).await;
        }
        let error = match answered {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(_) => return Err(too_late(LONGEST)),
        };
        if error::breaks(&error) {
            connections.give_up(&slot);
        }
        // An idle connection may have broken unnoticed, as with a server's restart. If
        // the request was carried out all the same, what it drew is lost: late, and never too much.
        let worth_it = if error::is_moved(&error) {
            connections.found_cluster()
        } else {
            was_there && error.is_connection_dropped()
        };
        if !(again && worth_it) {
            return Err(error::explain(&error));
        }
        again = false;
    }
}

fn too_late(within: Duration) -> StoreError {
    StoreError::unavailable(format!("no answer of Redis within {within:?}"))
}
