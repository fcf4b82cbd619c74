//! Operations on the server: connecting, time limits and one more try are the same for all.

use core::future::Future;
use core::pin::pin;

use redis::RedisError;
use tokio::time::timeout;
use tokio::time::timeout_at;

use crate::clock;
use crate::store::Answer;
use crate::store::Request;
use crate::store::StoreError;

use super::LONGEST;
use super::RedisStore;
use super::connection::Connection;
use super::error;
use super::too_late;

/// What is done with a connection.
pub(super) trait Operation: Sync {
    type Reply: Send;

    fn run(
        &self,
        store: &RedisStore,
        connection: &mut Connection,
    ) -> impl Future<Output = Result<Self::Reply, RedisError>> + Send;
}

/// A request on a limiter's state.
pub(super) struct Step<'a> {
    pub(super) key: &'a str,
    pub(super) request: &'a Request,
    /// The time, if it is not the server's.
    pub(super) time: Option<u64>,
}

impl Operation for Step<'_> {
    type Reply = Answer;

    async fn run(
        &self,
        store: &RedisStore,
        connection: &mut Connection,
    ) -> Result<Answer, RedisError> {
        let Self { key, request, time } = self;
        store.run(connection, key, request, *time).await
    }
}

impl RedisStore {
    pub(super) async fn perform<O: Operation>(
        &self,
        operation: &O,
    ) -> Result<O::Reply, StoreError> {
        let (connect, respond) = (self.connect_timeout, self.response_timeout);
        let whole = clock::nanos(connect).saturating_add(clock::nanos(respond));
        let end = clock::now().saturating_add(whole);
        let mut again = true;
        loop {
            let (mut line, was_there) = self.lines.line(connect)?;
            let connection = timeout_at(clock::instant(end), line.connection()).await;
            let mut connection = connection.map_err(|_| too_late(connect))??;

            let mut answer = pin!(operation.run(self, &mut connection));
            let mut answered = timeout(respond, answer.as_mut()).await;
            if answered.is_err() {
                // The connection may be dead without a sign, so that later requests use another one. If it
                // is not, the answer still comes, with the tokens that the request has drawn.
                self.lines.give_up(&line);
                answered = timeout(LONGEST, answer).await;
            }
            let error = match answered {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                Err(_) => return Err(too_late(LONGEST)),
            };
            if error::breaks(&error) {
                self.lines.give_up(&line);
            }
            // A connection may have broken unnoticed while nobody used it, as with a server's restart. If
            // the request was carried out all the same, what it drew is lost: late, and never too much.
            let worth_it = if error::is_moved(&error) {
                self.lines.found_cluster()
            } else {
                was_there && error.is_connection_dropped()
            };
            if !(again && worth_it) {
                return Err(error::explain(&error));
            }
            again = false;
        }
    }
}
