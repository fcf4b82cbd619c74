//! Peaks of a bucket's level, by which it is known how much of a permit can be given back.
//!
//! A call takes its estimate, and what it did not spend is given back at its end. A bucket that had counted what was
//! really spent would have been fuller meanwhile, and would have spilt tokens wherever it was full. So no more can be
//! given back than there was room for at the highest level since the tokens were taken.

use std::collections::VecDeque;

use crate::time::Instant;
use crate::time::Span;

/// Maximum number of peaks.
const MOST: usize = 16;

/// A level just before it fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Peak {
    at: Instant,
    /// Room above the level, as the time in which the bucket would have been full, and [`Peaks::unspent`] of that time.
    room: Span,
}

impl Peak {
    /// In the place of a peak where there was none yet: it is before all permits.
    const NONE: Self = Self {
        at: Instant::EPOCH,
        room: Span::ZERO,
    };
}

/// Peaks of a bucket's level. Of those before a higher one only the higher one matters.
#[derive(Clone, Debug)]
pub(in crate::limiter) struct Peaks {
    /// Instant from which on peaks are known.
    since: Instant,
    /// No peak is later than this.
    latest: Instant,
    /// Time by which the room of all peaks is less than was recorded, so that a settlement need not change each of them.
    unspent: Span,
    newest: Peak,
    /// The others, from the oldest on, none with less room than the one before.
    older: VecDeque<Peak>,
}

impl Peaks {
    pub(super) fn new(since: Instant) -> Self {
        Self {
            since,
            latest: Instant::EPOCH,
            unspent: Span::ZERO,
            newest: Peak::NONE,
            older: VecDeque::with_capacity(MOST - 1),
        }
    }

    /// Records the room in the bucket at `now`, just before its level falls.
    #[inline]
    pub(super) fn record(&mut self, room: Span, now: Instant) {
        let peak = Peak {
            at: now,
            room: room.plus(self.unspent),
        };
        let is_highest = room.is_zero() || self.newest.room >= peak.room;
        if is_highest && self.older.is_empty() {
            (self.newest, self.latest) = (peak, now);
        } else {
            self.record_beside_others(peak, is_highest, room.is_zero());
        }
    }

    /// Records a peak where there are others. `is_higher`: it is higher than the newest one. `is_full`: none is higher.
    #[inline(never)]
    fn record_beside_others(&mut self, peak: Peak, is_higher: bool, is_full: bool) {
        if is_higher {
            let is_lower = |other: &Peak| is_full || other.room >= peak.room;
            while self.older.back().is_some_and(is_lower) {
                self.older.pop_back();
            }
        } else if self.newest != Peak::NONE {
            if self.older.len() == MOST - 1 {
                self.merge();
            }
            self.older.push_back(self.newest);
        }
        self.newest = peak;
        self.latest = if self.older.is_empty() {
            peak.at
        } else {
            self.latest.max(peak.at)
        };
    }

    /// Forgets the peaks, which were those of another rate: of tokens that were taken until `now` nothing can be given
    /// back.
    pub(super) fn forget(&mut self, now: Instant) {
        self.record(Span::ZERO, now.after(Span::SHORTEST));
    }

    /// Returns the least room since tokens were taken at `drawn_at`. `room`: the room now. `None`: that is not known.
    #[inline]
    pub(super) fn least_room(&self, drawn_at: Instant, room: Span) -> Option<Span> {
        if drawn_at < self.since {
            return None;
        }
        if self.latest <= drawn_at {
            return Some(room);
        }
        let mut all = self.older.iter().chain([&self.newest]);
        let later = all.find(|peak| peak.at > drawn_at);
        Some(later.map_or(room, |peak| peak.room.minus(self.unspent).min(room)))
    }

    /// Records that tokens were not spent which take this time to come. With them, all levels were higher.
    #[inline]
    pub(super) fn raise(&mut self, span: Span) {
        const MOST: Span = Span::from_nanos(1 << 62);
        self.unspent = self.unspent.plus(span);
        if self.unspent > MOST {
            self.rebase();
        }
    }

    /// Records the rooms anew, without what was not spent.
    #[cold]
    fn rebase(&mut self) {
        for peak in self.older.iter_mut().chain([&mut self.newest]) {
            peak.room = peak.room.minus(self.unspent);
        }
        self.unspent = Span::ZERO;
    }

    /// Moves the peaks after `since` to `later`: a permit that was granted at `since` counts as granted before that.
    pub(super) fn move_to(&mut self, since: Instant, later: Instant) {
        for peak in self.older.iter_mut().chain([&mut self.newest]) {
            if peak.at > since {
                peak.at = peak.at.max(later);
                self.latest = self.latest.max(later);
            }
        }
    }

    /// Merges the two oldest peaks: the higher level counts as if it had lasted until the lower one.
    fn merge(&mut self) {
        let oldest = self.older.pop_front();
        if let (Some(oldest), Some(next)) = (oldest, self.older.front_mut()) {
            next.room = oldest.room;
        }
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.older.len() + usize::from(self.newest != Peak::NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Instant {
        Instant::from_nanos(3_600_000_000_000).after(Span::from_millis(millis))
    }

    const fn ms(millis: u64) -> Span {
        Span::from_millis(millis)
    }

    /// Returns peaks with this room at these instants.
    fn peaks(all: &[(Instant, Span)]) -> Peaks {
        let mut peaks = Peaks::new(at(0));
        for &(at, room) in all {
            peaks.record(room, at);
        }
        peaks
    }

    #[test]
    fn the_least_room_since_an_instant_counts() {
        let peaks = peaks(&[(at(10), ms(50)), (at(20), ms(30)), (at(30), ms(40))]);
        assert_eq!(peaks.least_room(at(5), ms(90)), Some(ms(30)));
        assert_eq!(peaks.least_room(at(20), ms(90)), Some(ms(40)));
        assert_eq!(peaks.least_room(at(30), ms(90)), Some(ms(90)));
        assert_eq!(peaks.least_room(at(5), ms(7)), Some(ms(7)));
    }

    #[test]
    fn nothing_is_known_of_the_time_before() {
        assert_eq!(Peaks::new(at(10)).least_room(at(9), ms(5)), None);
    }

    #[test]
    fn tokens_that_were_not_spent_leave_less_room() {
        let mut peaks = peaks(&[(at(10), ms(30)), (at(20), ms(50)), (at(30), ms(90))]);
        peaks.raise(ms(60));
        assert_eq!(peaks.least_room(at(5), ms(90)), Some(ms(0)));
        assert_eq!(peaks.least_room(at(20), ms(90)), Some(ms(30)));
    }

    #[test]
    fn more_peaks_than_are_kept_leave_no_more_room() {
        let all: Vec<_> = (1..100).map(|nth| (at(nth), ms(nth))).collect();
        let peaks = peaks(&all);
        assert_eq!(peaks.count(), MOST);
        for &(at, room) in &all {
            let least = peaks.least_room(at.before(Span::SHORTEST), ms(500));
            assert!(least <= Some(room), "{at:?}: {least:?}");
        }
    }

    #[test]
    fn a_permit_that_is_picked_up_late_counts_the_peaks_before_it() {
        let mut peaks = peaks(&[(at(10), ms(30)), (at(11), ms(50))]);
        peaks.move_to(at(10), at(13));
        assert_eq!(peaks.least_room(at(12), ms(90)), Some(ms(50)));
    }

    /// The same by its definition, without any bound on its memory: room, and instant from which on it counts no more.
    #[derive(Default)]
    struct Plain(Vec<Peak>);

    impl Plain {
        fn record(&mut self, room: Span, at: Instant) {
            self.0.retain(|peak| peak.room < room);
            self.0.push(Peak { at, room });
        }

        fn least_room(&self, drawn_at: Instant, room: Span) -> Span {
            let later = self.0.iter().filter(|peak| peak.at > drawn_at);
            later.map(|peak| peak.room).fold(room, Span::min)
        }

        fn raise(&mut self, span: Span) {
            for peak in &mut self.0 {
                peak.room = peak.room.minus(span);
            }
        }
    }

    #[test]
    fn rooms_are_those_that_were_recorded_less_what_was_not_spent() {
        let (mut peaks, mut plain) = (Peaks::new(at(0)), Plain::default());
        let mut is_merged = false;
        for nth in 1..10_000_u64 {
            let number = nth.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            let room = ms(number % 60);
            match number % 7 {
                0 => {
                    peaks.raise(room);
                    plain.raise(room);
                }
                1 => peaks.rebase(),
                _ => {
                    peaks.record(room, at(nth));
                    plain.record(room, at(nth));
                }
            }
            let drawn_at = at(nth.saturating_sub(number % 30));
            let least = peaks.least_room(drawn_at, ms(90)).expect("it is known");
            let exact = plain.least_room(drawn_at, ms(90));
            is_merged = peaks.count() == MOST || is_merged && peaks.count() > 1;
            assert!(
                least == exact || is_merged && least < exact,
                "{least:?}, {exact:?}"
            );
        }
    }
}
