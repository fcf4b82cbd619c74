//! Decides which events of a store are emitted. Many requests find the same store away, also those of many keys.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;

use crate::time::Instant;

use super::counts::event_interval::EventInterval;
use super::remote::StoreEvent;

/// Events of a store that have been emitted for one limiter, or for all keys of a keyed one. None has the name of a key.
#[derive(Debug)]
pub(super) struct StoreEvents {
    /// Name of the keyed limiter. `None`: the limiter is a single one.
    keyed: Option<&'static str>,
    late: Condition,
    away: Condition,
    refuses: Condition,
    /// Another process has declared a tighter quota.
    tighter: AtomicBool,
}

/// Condition of a store that many requests find. Its beginning is reported, but at most once in ten seconds.
#[derive(Debug)]
struct Condition {
    interval: EventInterval,
    /// Number of requests that have found it since the last report.
    left_out: AtomicU32,
    /// Its beginning has been reported, and its end has not.
    lasts: AtomicBool,
}

impl Condition {
    const fn new() -> Self {
        Self {
            interval: EventInterval::new(),
            left_out: AtomicU32::new(0),
            lasts: AtomicBool::new(false),
        }
    }

    /// Records that a request has found it. Returns how many others have since the last report, if it is reported now.
    fn record(&self, now: Instant) -> Option<u32> {
        if self.lasts() || !self.interval.try_begin(now) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        self.lasts.store(true, Ordering::Relaxed);
        Some(self.left_out.swap(0, Ordering::Relaxed))
    }

    /// Returns whether its beginning has been reported, and its end has not.
    fn lasts(&self) -> bool {
        self.lasts.load(Ordering::Relaxed)
    }

    /// Records its end. Returns whether that is reported: the beginning was.
    fn end(&self) -> bool {
        self.lasts.swap(false, Ordering::Relaxed)
    }
}

impl StoreEvents {
    /// Returns the events of a single limiter, none of which has been emitted.
    pub(super) const fn new() -> Self {
        Self {
            keyed: None,
            late: Condition::new(),
            away: Condition::new(),
            refuses: Condition::new(),
            tighter: AtomicBool::new(false),
        }
    }

    /// Returns the events of a keyed limiter, none of which has been emitted.
    pub(super) const fn of_keys(name: &'static str) -> Self {
        Self {
            keyed: Some(name),
            ..Self::new()
        }
    }

    /// Returns the name of the keyed limiter. `None`: the limiter is a single one.
    pub(super) const fn keyed(&self) -> Option<&'static str> {
        self.keyed
    }

    /// Counts an event. Returns how many of its kind were left out since the last one, if this one is emitted.
    pub(super) fn count(&self, event: &StoreEvent, now: Instant) -> Option<u32> {
        let is_new = match event {
            StoreEvent::Late(_) if self.away.lasts() => false,
            StoreEvent::Late(_) => return self.late.record(now),
            StoreEvent::Away(_) => return self.away.record(now),
            StoreEvent::Rejected(_) => return self.refuses.record(now),
            // A single limiter tells each change once.
            StoreEvent::Tighter(_) => {
                self.keyed.is_none() || !self.tighter.swap(true, Ordering::Relaxed)
            }
            StoreEvent::Back => {
                let ends = [&self.late, &self.away, &self.refuses].map(Condition::end);
                ends.contains(&true)
            }
        };
        is_new.then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::counts::event_interval::EVERY;
    use crate::time::Span;

    #[test]
    fn an_outage_is_reported_once_and_one_that_comes_and_goes_in_turns() {
        let events = StoreEvents::new();
        let away = StoreEvent::Away("down".into());
        let start = Instant::from_nanos(5);
        assert_eq!(events.count(&StoreEvent::Back, start), None);
        assert_eq!(events.count(&away, start), Some(0));
        for _ in 0..7 {
            assert_eq!(events.count(&away, start + Span::SHORTEST), None);
        }
        let refuses = StoreEvent::Rejected("password".into());
        assert_eq!(events.count(&refuses, start), Some(0), "another kind");
        let late = StoreEvent::Late(core::time::Duration::from_millis(150));
        assert_eq!(events.count(&late, start), None, "it is worse than that");
        assert_eq!(events.count(&away, start + EVERY + EVERY), None);
        assert_eq!(events.count(&StoreEvent::Back, start + EVERY), Some(0));
        assert_eq!(events.count(&away, start + EVERY), Some(8));
        assert_eq!(events.count(&StoreEvent::Back, start + EVERY), Some(0));
        assert_eq!(events.count(&StoreEvent::Back, start + EVERY), None);
        assert_eq!(events.count(&away, start + EVERY), None);
        assert_eq!(events.count(&StoreEvent::Back, start + EVERY), None);
        assert_eq!(events.count(&away, start + EVERY + EVERY), Some(1));
    }

    #[test]
    fn of_all_keys_one_tells_of_a_tighter_quota() {
        let tighter = StoreEvent::Tighter("less".into());
        let (one, keys) = (StoreEvents::new(), StoreEvents::of_keys("crm"));
        let now = Instant::from_nanos(5);
        for expected in [Some(0), None] {
            assert_eq!(one.count(&tighter, now), Some(0));
            assert_eq!(keys.count(&tighter, now), expected);
        }
    }
}
