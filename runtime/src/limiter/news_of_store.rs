//! Decides which events of a store are emitted. A store that is away is met again and again, and by the limiters of many keys.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;

use crate::time::Instant;

use super::counts::turns::Turns;
use super::remote::StoreEvent;

/// Events of a store about one limiter, or about all keys of a keyed one. None has the name of a key.
#[derive(Debug)]
pub(super) struct NewsOfStore {
    /// Name of the keyed limiter. `None`: the limiter is a single one.
    keyed: Option<&'static str>,
    late: Repeated,
    away: Repeated,
    refuses: Repeated,
    /// Another process has declared a tighter quota.
    tighter: AtomicBool,
}

/// Condition of a store that many requests meet. It is reported once when it begins; where it comes and goes, at most once in
/// ten seconds.
#[derive(Debug)]
struct Repeated {
    turns: Turns,
    /// Number of times that it was met since the last report.
    left_out: AtomicU32,
    /// Its end has not been reported.
    lasts: AtomicBool,
}

impl Repeated {
    const fn new() -> Self {
        Self {
            turns: Turns::new(),
            left_out: AtomicU32::new(0),
            lasts: AtomicBool::new(false),
        }
    }

    /// Returns how often the condition was met since the last report, if it is reported now.
    fn met(&self, now: Instant) -> Option<u32> {
        if self.lasts() || !self.turns.take_turn(now) {
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

    /// Returns whether its end is reported now: its beginning was.
    fn ends(&self) -> bool {
        self.lasts.swap(false, Ordering::Relaxed)
    }
}

impl NewsOfStore {
    /// Returns the events of a single limiter, none of which has been emitted.
    pub(super) const fn new() -> Self {
        Self {
            keyed: None,
            late: Repeated::new(),
            away: Repeated::new(),
            refuses: Repeated::new(),
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

    /// Returns how many events of the kind were left out since the last one, if this one is emitted.
    pub(super) fn left_out(&self, event: &StoreEvent, now: Instant) -> Option<u32> {
        let is_new = match event {
            StoreEvent::Late(_) if self.away.lasts() => false,
            StoreEvent::Late(_) => return self.late.met(now),
            StoreEvent::Away(_) => return self.away.met(now),
            StoreEvent::Rejected(_) => return self.refuses.met(now),
            // A single limiter tells each change once.
            StoreEvent::Tighter(_) => {
                self.keyed.is_none() || !self.tighter.swap(true, Ordering::Relaxed)
            }
            StoreEvent::Back => {
                let ends = [&self.late, &self.away, &self.refuses].map(Repeated::ends);
                ends.contains(&true)
            }
        };
        is_new.then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::counts::turns::EVERY;
    use crate::time::Span;

    #[test]
    fn an_outage_is_reported_once_and_one_that_comes_and_goes_in_turns() {
        let news = NewsOfStore::new();
        let away = StoreEvent::Away("down".into());
        let start = Instant::from_nanos(5);
        assert_eq!(news.left_out(&StoreEvent::Back, start), None);
        assert_eq!(news.left_out(&away, start), Some(0));
        for _ in 0..7 {
            assert_eq!(news.left_out(&away, start + Span::SHORTEST), None);
        }
        let refuses = StoreEvent::Rejected("password".into());
        assert_eq!(news.left_out(&refuses, start), Some(0), "another kind");
        let late = StoreEvent::Late(core::time::Duration::from_millis(150));
        assert_eq!(news.left_out(&late, start), None, "it is worse than that");
        assert_eq!(news.left_out(&away, start + EVERY + EVERY), None);
        assert_eq!(news.left_out(&StoreEvent::Back, start + EVERY), Some(0));
        assert_eq!(news.left_out(&away, start + EVERY), Some(8));
        assert_eq!(news.left_out(&StoreEvent::Back, start + EVERY), Some(0));
        assert_eq!(news.left_out(&StoreEvent::Back, start + EVERY), None);
        assert_eq!(news.left_out(&away, start + EVERY), None);
        assert_eq!(news.left_out(&StoreEvent::Back, start + EVERY), None);
        assert_eq!(news.left_out(&away, start + EVERY + EVERY), Some(1));
    }

    #[test]
    fn of_all_keys_one_tells_of_a_tighter_quota() {
        let tighter = StoreEvent::Tighter("less".into());
        let (one, keys) = (NewsOfStore::new(), NewsOfStore::of_keys("crm"));
        let now = Instant::from_nanos(5);
        for expected in [Some(0), None] {
            assert_eq!(one.left_out(&tighter, now), Some(0));
            assert_eq!(keys.left_out(&tighter, now), expected);
        }
    }
}
