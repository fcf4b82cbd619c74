//! Peaks of a bucket's level, by which it is known how much of a permit can be given back.
//!
//! A call takes its estimate, and what it did not spend is given back at its end. A bucket that had counted what was
//! really spent would have been fuller meanwhile, and would have spilt tokens wherever it was full. So no more can be
//! given back than there was room for at the highest level since the tokens were taken.

use crate::time::Instant;
use crate::time::Span;

/// Maximum number of peaks.
const MOST: usize = 16;

/// A level just before it fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Peak {
    at: Instant,
    /// Room above the level, as the time in which the bucket would have been full.
    room: Span,
}

/// Peaks of a bucket's level. Of those before a higher one only the higher one matters.
#[derive(Clone, Debug)]
pub(in crate::limiter) struct Peaks {
    /// Instant from which on peaks are known.
    since: Instant,
    /// From the oldest to the newest, each with more room than the one before.
    list: Vec<Peak>,
}

impl Peaks {
    pub(super) fn new(since: Instant) -> Self {
        let list = Vec::with_capacity(MOST);
        Self { since, list }
    }

    /// Records the room in the bucket at `now`, just before its level falls.
    #[inline]
    pub(super) fn record(&mut self, room: Span, now: Instant) {
        while self.list.last().is_some_and(|last| last.room >= room) {
            self.list.pop();
        }
        if self.list.len() == MOST {
            self.merge();
        }
        self.list.push(Peak { at: now, room });
    }

    /// Forgets the peaks, which were those of another rate: of tokens that were taken until `now` nothing can be given
    /// back.
    pub(super) fn forget(&mut self, now: Instant) {
        self.record(Span::ZERO, now.after(Span::SHORTEST));
    }

    /// Returns the least room since tokens were taken at `drawn_at`. `room`: the room now. `None`: that is not known.
    pub(super) fn least_room(&self, drawn_at: Instant, room: Span) -> Option<Span> {
        if drawn_at < self.since {
            return None;
        }
        let later = self.list.iter().find(|peak| peak.at > drawn_at);
        Some(later.map_or(room, |peak| peak.room.min(room)))
    }

    /// Records that tokens were not spent which take this time to come. With them, all levels were higher.
    pub(super) fn raise(&mut self, span: Span) {
        for peak in &mut self.list {
            peak.room = peak.room.minus(span);
        }
        self.list.dedup_by(|newer, older| {
            let same = newer.room == older.room;
            if same {
                older.at = newer.at;
            }
            same
        });
    }

    /// Moves the peaks after `since` to `later`: a permit that was granted at `since` counts as granted before that.
    pub(super) fn move_to(&mut self, since: Instant, later: Instant) {
        for peak in &mut self.list {
            if peak.at > since {
                peak.at = peak.at.max(later);
            }
        }
    }

    /// Merges the two oldest peaks: the higher level counts as if it had lasted until the lower one.
    fn merge(&mut self) {
        let oldest = self.list.remove(0);
        if let Some(next) = self.list.first_mut() {
            next.room = oldest.room;
        }
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
        assert_eq!(peaks.list.len(), MOST);
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
}
