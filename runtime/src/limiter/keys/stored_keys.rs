//! Limiters of keys whose limits are in a store: each is a whole limiter, from the first call of its key until it is idle.

use core::fmt;
use std::sync::Arc;

use crate::mode::Mode;
use crate::row::Rows;
use crate::store::Policy;
use crate::store::Store;
use crate::time::Instant;
use crate::time::Span;

use super::compact::Unforgotten;
use crate::limiter::names::further_names::name_of_shared;
use crate::limiter::remote::Knowledge;
use crate::limiter::remote::RemoteConfig;
use crate::limiter::remote::client::StoreClient;
use crate::limiter::shared::Shared;
use crate::limiter::state::LimiterState;
use crate::limiter::store_events::StoreEvents;

/// Place of the limits of keys: a store, and the beginning of their names in it.
#[derive(Clone, Debug)]
pub(crate) struct PlaceOfKeys {
    store: Arc<dyn Store>,
    policy: Policy,
    /// Name of the keyed limiter.
    name: &'static str,
    events: Arc<StoreEvents>,
}

impl PlaceOfKeys {
    /// Returns the place of the keys of the keyed limiter `name`.
    pub(crate) fn new(name: &'static str, store: Arc<dyn Store>, policy: Policy) -> Self {
        Self {
            store,
            policy,
            name,
            events: Arc::new(StoreEvents::of_keys(name)),
        }
    }

    /// Returns whether it is the same store with the same policy.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let address = |place: &Self| Arc::as_ptr(&place.store).cast::<()>();
        address(self) == address(other) && self.policy == other.policy
    }

    /// Returns the client of the key that has this digest.
    fn client(&self, digest: &dyn fmt::Display) -> StoreClient {
        self.client_at(&format!("{}:{digest}", self.name))
    }

    fn client_at(&self, key: &str) -> StoreClient {
        let store = Arc::clone(&self.store);
        StoreClient::new(store, key, self.policy).with_events(Arc::clone(&self.events))
    }
}

impl Shared {
    /// Creates the limiter of a key whose limits are in a store. `settles`: costs are corrected later.
    pub(crate) fn of_key_in_store(
        (rows, settles): (&Rows, bool),
        (place, digest): (&PlaceOfKeys, &dyn fmt::Display),
        mode: Mode,
    ) -> Arc<Self> {
        let shared = Self::at_place(rows, place, place.client(digest), mode);
        if settles {
            shared.begin_settling_in_store();
        }
        shared
    }

    /// Creates the limiter of the limits that all keys share, in the store of the keys.
    pub(crate) fn of_all_keys_in_store(rows: &Rows, place: &PlaceOfKeys, mode: Mode) -> Arc<Self> {
        let client = place.client_at(&name_of_shared(place.name));
        Self::at_place(rows, place, client, mode)
    }

    fn at_place(rows: &Rows, place: &PlaceOfKeys, client: StoreClient, mode: Mode) -> Arc<Self> {
        let shared = Self::new(rows.first.quota);
        shared.used_by(|| place.name);
        shared.attach(client, RemoteConfig::of(place.policy));
        shared.add_rows(rows);
        if mode != Mode::Enforce && shared.mode.declare(mode) {
            shared.put_mode(mode);
        }
        shared
    }

    /// Draws calls from its store from now on, so that they can be corrected, if it has one.
    pub(crate) fn begin_settling_in_store(&self) {
        if self.client.get().is_some() {
            self.with_state(|state, _, _| state.begin_settling());
        }
    }

    /// Sends what the store has to be told of, for a key that may not be called again.
    pub(crate) fn send_unsent(&self) {
        self.with_state(|state, now, _| state.flush_corrections(now));
    }
}

impl LimiterState {
    /// Draws calls from the store from the start, so that the first ones can be corrected, too.
    fn begin_settling(&mut self) {
        self.settles = true;
        self.follow_store();
    }

    /// Returns whether the limit is in a store, which knows of its pauses.
    pub(in crate::limiter) const fn is_in_store(&self) -> bool {
        self.remote.is_some()
    }

    /// Returns the time for which this process knows more than the store, counted from the instant at which the bucket is
    /// full.
    pub(super) fn beyond_store(&mut self, now: Instant) -> Result<Span, Unforgotten> {
        let shape = self.bucket.shape;
        let remote = self.remote.as_mut();
        match remote.map_or(Knowledge::Until(Span::ZERO), |it| it.knowledge(shape, now)) {
            Knowledge::Until(span) => Ok(span),
            Knowledge::Needed => Err(Unforgotten::Needed),
            Knowledge::Unsent => Err(Unforgotten::Unsent),
        }
    }
}
