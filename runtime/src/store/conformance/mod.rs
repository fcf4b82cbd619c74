//! Requirements of every [`Store`], as a check to run in tests of your own store.
//!
//! [`check`] is the same suite that the stores of this crate pass. It uses nothing but
//! [`Store::transact`] and [`Store::list`], under keys of its own, and leaves a few dozen states behind that
//! expire within two hours.
//!
//! # Examples
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::Arc;
//! use std::sync::Mutex;
//! use std::time::{SystemTime, UNIX_EPOCH};
//!
//! use paced::store::{StoreFuture, Request, State, Store, Ticks, conformance, step};
//!
//! #[derive(Debug, Default)]
//! struct Table(Mutex<HashMap<String, State>>);
//!
//! impl Store for Table {
//!     fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
//!         Box::pin(async move {
//!             let mut table = self.0.lock().unwrap();
//!             let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
//!             let now = Ticks::from_duration(now);
//!             table.retain(|_, state| state.expires_at() > now);
//!             Ok(step(table.entry(key.to_owned()).or_default(), now, request))
//!         })
//!     }
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() {
//!     conformance::check(Arc::new(Table::default())).await;
//! }
//! ```

mod crowd;
mod histories;
mod listing;
mod promises;
mod script;
mod sharing;
mod waiting;

use std::sync::Arc;

use self::script::Bench;

use super::Store;

/// Panics, with the promise that was broken, unless the store does what every store must do.
///
/// * Every answer is the one that [`step`](super::step) gives for the state that the store had, with
///   the time that the answer carries: for requests of every kind, and for long random histories.
/// * The actions of a request are done in their order, and each is answered.
/// * Each request is one atomic operation, all of its actions together: however many requests are made at once, no token
///   is granted twice, and no pause is lost.
/// * Calls are served in their order, and settled; quotas, an operator's limits, slots and the budget of retries are shared.
/// * Keys are compared byte by byte, and do not affect one another.
/// * The store's clock counts ticks of 250 ns and never goes back.
/// * A state is kept until [`State::expires_at`](super::State::expires_at). Whether it is forgotten
///   then is up to the store; either way it means nothing any more.
/// * A request that was dropped halfway does no harm.
/// * [`Store::list`] shows all limiters as they are, to the letter of a prefix, if it is supported.
///
/// It takes about two and a half seconds, in which it waits for states to expire: two seconds is how
/// long each is kept beyond its use. A store that looks at a clock of its own must not be checked
/// on paused time. On a runtime with several threads requests are made in parallel, which finds more.
///
/// # Panics
///
/// If a promise is broken, or if the store fails.
///
/// # Cancel safety
///
/// Dropping it ends the check; requests under way are still made.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use paced::store::{MemoryStore, conformance};
///
/// // Paused time is good enough for a store that goes by tokio's clock.
/// #[tokio::main(flavor = "current_thread", start_paused = true)]
/// async fn main() {
///     conformance::check(Arc::new(MemoryStore::new())).await;
/// }
/// ```
pub async fn check(store: Arc<dyn Store>) {
    // A future of many states is large.
    Box::pin(check_all(store)).await;
}

async fn check_all(store: Arc<dyn Store>) {
    let bench = Bench::new(store);
    Box::pin(promises::check(&bench)).await;
    Box::pin(sharing::check(&bench)).await;
    listing::check(&bench).await;
    histories::check(&bench).await;
    crowd::check(&bench).await;
    Box::pin(waiting::check(&bench)).await;
}
