//! Events of a store that limiters of many keys have in common.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;

use super::remote::StoreEvent;

/// Events of a store that all keys have in common. Each is emitted once, without the name of a key.
#[derive(Debug)]
pub(super) struct NewsOfStore {
    /// Name of the keyed limiter.
    name: &'static str,
    /// The store is away, or refuses.
    away: AtomicBool,
    refuses: AtomicBool,
    /// Another process has declared a tighter quota.
    tighter: AtomicBool,
}

impl NewsOfStore {
    /// Returns the events of a keyed limiter, none of which has been emitted.
    pub(super) const fn new(name: &'static str) -> Self {
        Self {
            name,
            away: AtomicBool::new(false),
            refuses: AtomicBool::new(false),
            tighter: AtomicBool::new(false),
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the name to emit an event with. `None`: another key's limiter has emitted it.
    pub(super) fn name_of(&self, event: &StoreEvent) -> Option<&'static str> {
        let set = |flag: &AtomicBool| !flag.swap(true, Ordering::Relaxed);
        let is_new = match event {
            StoreEvent::Late(_) | StoreEvent::Away(_) => set(&self.away),
            StoreEvent::Rejected(_) => set(&self.refuses),
            StoreEvent::Tighter(_) => set(&self.tighter),
            StoreEvent::Back => {
                let refused = self.refuses.swap(false, Ordering::Relaxed);
                self.away.swap(false, Ordering::Relaxed) || refused
            }
        };
        is_new.then_some(self.name)
    }
}
