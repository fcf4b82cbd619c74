//! Labels a limiter in events and errors.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use crate::clock;
use crate::error::Context;
use crate::quota::Quota;

use crate::limiter::shared::Shared;
use crate::limiter::state::cooldown::Probe;

impl Shared {
    /// Creates a limiter that has a name, and a placeholder quota until it is declared.
    pub(super) fn undeclared(name: &Arc<str>, quota: Quota) -> Arc<Self> {
        let shared = Self::new(quota);
        shared.set_name(name);
        shared.naming.provisional.store(true, Ordering::Relaxed);
        shared
    }

    /// Gives it a name, if it has none.
    pub(in crate::limiter) fn set_name(&self, name: &Arc<str>) {
        // A name never changes.
        drop(self.naming.name.set(Arc::clone(name)));
    }

    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        self.naming.name.get()
    }

    /// Records the first function that calls through it.
    pub(crate) fn used_by(&self, function: impl FnOnce() -> &'static str) {
        self.naming.user.get_or_init(function);
    }

    /// Returns its label: its name, or that of the first function that called through it.
    pub(crate) fn label(&self) -> &str {
        let name = self.naming.name.get().map(|name| &**name);
        name.or(self.naming.user.get().copied())
            .unwrap_or("unnamed")
    }

    /// Returns the context of an error of this limiter. `sent`: the call has made an attempt before.
    #[cold]
    pub(crate) fn context(&self, sent: bool) -> Context {
        let (ahead, closed) = {
            let state = &self.lock().state;
            let left = state.cooldown.until().since(clock::now());
            let closed = (Duration::from(left), state.announced.why);
            (state.queue.waiting(), (!left.is_zero()).then_some(closed))
        };
        Context {
            limiter: self.label().to_owned().into(),
            ahead,
            sent,
            closed,
            resource: None,
            unit: None,
            waited: None,
        }
    }

    pub(super) fn is_provisional(&self) -> bool {
        self.naming.provisional.load(Ordering::Relaxed)
    }

    /// Returns whether a new limiter would grant exactly what this one does.
    pub(super) fn is_as_new(&self) -> bool {
        let (mut locked, now) = self.lock_state();
        let state = &mut locked.state;
        let is_idle = state.queue.waiting() == 0;
        let is_plain = !state.shut
            && state.bucket.shape == state.declared_shape
            && state.cooldown.held_until() <= now
            && state.cooldown.probe() == Probe::Off
            && state.slots_held() == 0
            && state.is_window_empty(now);
        let is_full =
            state.remote.is_some() || (state.is_bucket_full(now) && state.are_rows_full(now));
        if is_idle {
            // Without any event: the registry is locked, and a subscriber may use it.
            state.hand_back(&self.fast_path, now);
        }
        is_idle && is_plain && is_full && !self.mode.is_set()
    }
}
