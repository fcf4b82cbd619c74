//! The connections of a store: one for each runtime that uses it.
//!
//! A connection is driven by a task of the runtime that made it. Used from another runtime, it would end with
//! the first one, and stand still while that one is not driven.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::runtime::Handle;
use tokio::runtime::Id;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock;
use crate::store::StoreError;
use crate::time::Instant;
use crate::time::Span;

use super::connection::Connection;
use super::connection::Connector;
use super::error;

/// Time after which a server that could not be reached is tried again: always the same, so
/// that its return is noticed soon.
const RETRY: Span = Span::from_millis(50);

pub(super) struct Connections {
    connector: Arc<Connector>,
    slots: Mutex<Vec<ConnectionSlot>>,
}

/// The connection of a runtime.
#[derive(Clone)]
pub(super) struct ConnectionSlot {
    runtime: Id,
    stage: watch::Receiver<Stage>,
}

#[derive(Clone)]
enum Stage {
    Connecting,
    Up(Connection),
    Down { why: StoreError, again_at: Instant },
}

impl Connections {
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            connector: Arc::new(connector),
            slots: Mutex::default(),
        }
    }

    /// Returns the slot of the current runtime, and whether it was there before. A new one is connected by a
    /// task: the caller may be dropped meanwhile, and the next one finds it connected.
    pub(super) fn slot(&self, within: Duration) -> Result<(ConnectionSlot, bool), StoreError> {
        let runtime = Handle::try_current()
            .map_err(|_| StoreError::unavailable("there is no tokio runtime here"))?;
        let now = clock::now();
        let mut slots = self.lock();
        slots.retain(|slot| slot.is_usable(now));
        if let Some(slot) = slots.iter().find(|slot| slot.runtime == runtime.id()) {
            return Ok((slot.clone(), true));
        }
        let (sender, stage) = watch::channel(Stage::Connecting);
        let connector = Arc::clone(&self.connector);
        drop(runtime.spawn(connect(connector, within, sender)));
        let slot = ConnectionSlot {
            runtime: runtime.id(),
            stage,
        };
        slots.push(slot.clone());
        Ok((slot, false))
    }

    /// Uses this slot for no more requests. Those in flight keep it until they are done.
    pub(super) fn give_up(&self, slot: &ConnectionSlot) {
        self.lock()
            .retain(|other| !other.stage.same_channel(&slot.stage));
    }

    /// Records that a key is at another server. Returns whether another try can do better.
    pub(super) fn found_cluster(&self) -> bool {
        self.connector.found_cluster()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ConnectionSlot>> {
        // Nothing in here panics while it holds the lock.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionSlot {
    /// Returns `false` if its runtime has ended, or if it is time to try again.
    fn is_usable(&self, now: Instant) -> bool {
        match &*self.stage.borrow() {
            Stage::Down { again_at, .. } => now < *again_at,
            Stage::Connecting | Stage::Up(_) => self.stage.has_changed().is_ok(),
        }
    }

    /// Returns the connection, once it is there.
    pub(super) async fn connection(&mut self) -> Result<Connection, StoreError> {
        let settled = |stage: &Stage| !matches!(stage, Stage::Connecting);
        match self.stage.wait_for(settled).await.as_deref() {
            Ok(Stage::Up(connection)) => Ok(connection.clone()),
            Ok(Stage::Down { why, .. }) => Err(why.clone()),
            Ok(Stage::Connecting) | Err(_) => Err(StoreError::unavailable(
                "the tokio runtime of the connection to Redis has ended",
            )),
        }
    }
}

/// Connects, and then runs for as long as the connection may be used: a runtime that ends drops this task,
/// which shows in its channel.
async fn connect(connector: Arc<Connector>, within: Duration, stage: watch::Sender<Stage>) {
    let why = match timeout(within, connector.connect()).await {
        Ok(Ok(connection)) => {
            stage.send_replace(Stage::Up(connection));
            return stage.closed().await;
        }
        Ok(Err(error)) => error::explain(&error),
        Err(_) => StoreError::unavailable(format!("no connection to Redis within {within:?}")),
    };
    let again_at = clock::now().after(RETRY);
    stage.send_replace(Stage::Down { why, again_at });
}
