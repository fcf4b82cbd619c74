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
    /// Room above the level, as the time in which the bucket would have been full, or less.
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
    /// Nothing is given back of what was taken before this instant.
    since: Instant,
    /// No peak is later than this.
    latest: Instant,
    /// Instant until which permits may have been granted earlier than their holders assume, and by how much.
    moved: (Instant, Span),
    newest: Peak,
    /// The `count` others, from the oldest on, none with less room than the one before.
    older: [Peak; MOST - 1],
    count: usize,
}

impl Peaks {
    pub(super) const NONE: Self = Self {
        since: Instant::EPOCH,
        latest: Instant::EPOCH,
        moved: (Instant::EPOCH, Span::ZERO),
        newest: Peak::NONE,
        older: [Peak::NONE; MOST - 1],
        count: 0,
    };

    /// Returns the peaks of a bucket whose levels are not known until `now`, and whose shape has not changed since `since`.
    pub(super) const fn unknown_until(now: Instant, since: Instant) -> Self {
        Self {
            since,
            latest: now,
            newest: Peak {
                at: now,
                room: Span::ZERO,
            },
            ..Self::NONE
        }
    }

    /// Records the room in the bucket at `now`, just before its level falls.
    #[inline]
    pub(super) fn record(&mut self, room: Span, now: Instant) {
        let peak = Peak { at: now, room };
        let is_higher = self.newest.room >= room;
        if is_higher && self.count == 0 {
            (self.newest, self.latest) = (peak, now);
        } else {
            self.record_beside_others(peak, is_higher);
        }
    }

    /// Records a peak where there are others. `is_higher`: it is higher than the newest one.
    #[inline(never)]
    fn record_beside_others(&mut self, peak: Peak, is_higher: bool) {
        if is_higher {
            let others = &self.older[..self.count];
            self.count = others.partition_point(|other| other.room < peak.room);
        } else if self.newest != Peak::NONE {
            if self.count == MOST - 1 {
                self.merge();
            }
            self.older[self.count] = self.newest;
            self.count += 1;
        }
        self.newest = peak;
        self.latest = if self.count == 0 {
            peak.at
        } else {
            self.latest.max(peak.at)
        };
    }

    /// Forgets the peaks, which were those of another bucket: of tokens that were taken until `now` nothing is given back.
    pub(super) const fn forget(&mut self, now: Instant) {
        *self = Self {
            since: now.after(Span::SHORTEST),
            ..Self::NONE
        };
    }

    /// Gives back what takes the time `unspent` to come, of what was taken at `drawn_at`. `room`: the room now; `drawn`
    /// returns the time in which all that was taken comes. Returns the time that can be given back.
    #[inline]
    pub(super) fn give_back(
        &mut self,
        drawn_at: Instant,
        unspent: Span,
        room: Span,
        drawn: impl FnOnce() -> Span,
    ) -> Span {
        let most = unspent.min(room);
        if self.latest <= drawn_at && self.since <= drawn_at {
            return most;
        }
        self.give_back_before_peaks(drawn_at, most, drawn())
    }

    /// Gives back at most `most` of what was taken before peaks.
    ///
    /// At each of them the bucket lacked all that this call took, but for what had flowed in by then. So there was as much
    /// room, whatever else is known of the peak.
    #[inline(never)]
    fn give_back_before_peaks(&mut self, drawn_at: Instant, most: Span, drawn: Span) -> Span {
        if drawn_at < self.since {
            return Span::ZERO;
        }
        let (moved_until, by) = self.moved;
        let by = if drawn_at <= moved_until {
            by
        } else {
            Span::ZERO
        };
        let flowed = drawn_at.after(drawn).before(by);
        let room = |peak: &Peak| peak.room.max(flowed.since(peak.at));
        let later = self.later_than(drawn_at).map(|peak| room(peak));
        let given = later.fold(most, Span::min);
        for peak in self.later_than(drawn_at) {
            peak.room = peak.room.minus(given);
        }
        self.drop_lower_ones();
        given
    }

    fn later_than(&mut self, instant: Instant) -> impl Iterator<Item = &mut Peak> {
        let all = self.older[..self.count]
            .iter_mut()
            .chain([&mut self.newest]);
        all.filter(move |peak| peak.at > instant)
    }

    /// Drops the peaks before higher ones.
    fn drop_lower_ones(&mut self) {
        let (mut kept, mut highest) = (MOST - 1, self.newest.room);
        for at in (0..self.count).rev() {
            let peak = self.older[at];
            if peak.room < highest {
                highest = peak.room;
                kept -= 1;
                self.older[kept] = peak;
            }
        }
        self.older.copy_within(kept.., 0);
        self.count = MOST - 1 - kept;
    }

    /// Moves the peaks after `since` to `lease` after `now`. They count then for a permit that was granted at `since`, even if
    /// its holder assumes an instant up to that one.
    pub(super) fn move_to(&mut self, since: Instant, lease: Span, now: Instant) {
        let later = now.after(lease);
        if since < self.since {
            self.since = self.since.max(later.after(Span::SHORTEST));
        }
        self.moved = self.moved.max((later, lease));
        for peak in self.later_than(since) {
            peak.at = peak.at.max(later);
        }
        if self.latest > since {
            self.latest = self.latest.max(later);
        }
    }

    /// Lowers the room at all peaks, by tokens that were given back and may have been taken at any time.
    pub(super) fn raise(&mut self, span: Span) {
        for peak in self.later_than(Instant::EPOCH) {
            peak.room = peak.room.minus(span);
        }
        self.drop_lower_ones();
    }

    /// Merges the two oldest peaks: the higher level counts as if it had lasted until the lower one.
    fn merge(&mut self) {
        self.older[1].room = self.older[0].room;
        self.older.copy_within(1.., 0);
        self.count -= 1;
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
        let mut peaks = Peaks::NONE;
        for &(at, room) in all {
            peaks.record(room, at);
        }
        peaks
    }

    /// Returns how much is given back of an hour that was not spent. `drawn`: what was taken.
    fn given(peaks: &Peaks, drawn_at: Instant, drawn: Span, room: Span) -> Span {
        let hour = Span::from_secs(3600);
        peaks.clone().give_back(drawn_at, hour, room, || drawn)
    }

    #[test]
    fn the_least_room_since_an_instant_counts() {
        let peaks = peaks(&[(at(10), ms(50)), (at(20), ms(30)), (at(30), ms(40))]);
        let room = |drawn_at, now| given(&peaks, drawn_at, ms(0), now);
        assert_eq!(room(at(5), ms(90)), ms(30));
        assert_eq!(room(at(20), ms(90)), ms(40));
        assert_eq!(room(at(30), ms(90)), ms(90));
        assert_eq!(room(at(5), ms(7)), ms(7));
    }

    #[test]
    fn what_a_call_has_taken_is_given_back_but_for_what_has_flowed_in() {
        let peaks = peaks(&[(at(10), ms(0)), (at(30), ms(15)), (at(70), ms(90))]);
        let room = |drawn| given(&peaks, at(5), ms(drawn), ms(1000));
        // By 10 ms, 5 ms of it have flowed in; by 30 ms, 25 ms.
        assert_eq!(room(5), ms(0));
        assert_eq!(room(10), ms(5));
        assert_eq!(room(30), ms(15));
        assert_eq!(room(50), ms(25));
        assert_eq!(room(500), ms(435));
    }

    #[test]
    fn nothing_is_given_back_of_another_bucket() {
        let mut peaks = peaks(&[(at(10), ms(50))]);
        peaks.forget(at(20));
        let room = |drawn_at| given(&peaks, drawn_at, ms(500), ms(90));
        assert_eq!([at(5), at(20)].map(room), [ms(0); 2]);
        assert_eq!(room(at(20).after(Span::SHORTEST)), ms(90));
    }

    #[test]
    fn levels_that_are_not_known_count_as_full() {
        let peaks = Peaks::unknown_until(at(20), at(5));
        let room = |drawn_at| given(&peaks, drawn_at, ms(50), ms(90));
        assert_eq!(room(at(4)), ms(0));
        assert_eq!(room(at(10)), ms(40));
        assert_eq!(room(at(20)), ms(90));
    }

    #[test]
    fn what_is_given_back_leaves_less_room_at_later_peaks() {
        let mut peaks = peaks(&[(at(10), ms(30)), (at(20), ms(50)), (at(30), ms(90))]);
        assert_eq!(peaks.give_back(at(15), ms(20), ms(500), || ms(0)), ms(20));
        let room = |drawn_at| given(&peaks, drawn_at, ms(0), ms(500));
        assert_eq!(
            [5, 15, 25].map(|millis| room(at(millis))),
            [ms(30), ms(30), ms(70)]
        );
    }

    #[test]
    fn more_peaks_than_are_kept_leave_no_more_room() {
        let all: Vec<_> = (1..100).map(|nth| (at(nth), ms(nth))).collect();
        let peaks = peaks(&all);
        assert_eq!(peaks.count, MOST - 1);
        for &(at, room) in &all {
            let least = given(&peaks, at.before(Span::SHORTEST), ms(0), ms(500));
            assert!(least <= room, "{at:?}: {least:?}");
        }
    }

    #[test]
    fn a_permit_that_is_picked_up_late_counts_the_peaks_before_it() {
        let mut peaks = peaks(&[(at(10), ms(30)), (at(11), ms(50))]);
        peaks.move_to(at(10), ms(2), at(11));
        let room = |drawn| given(&peaks, at(12), ms(drawn), ms(90));
        assert_eq!(room(0), ms(50));
        // It may have been taken 2 ms earlier, and 1 ms has flowed in until the peak.
        assert_eq!(room(70), ms(67));
        peaks.forget(at(14));
        peaks.move_to(at(14), ms(2), at(15));
        assert_eq!(given(&peaks, at(16), ms(70), ms(90)), ms(0));
    }

    /// The levels by their definition: that of a bucket in which calls take what they did, less what was given back.
    #[derive(Default)]
    struct Levels(Vec<(Instant, Span)>);

    impl Levels {
        /// Returns the room at each call, and at `now`.
        fn rooms(&self, now: Instant) -> (Vec<(Instant, Span)>, Span) {
            let mut full_at = Instant::EPOCH;
            let mut rooms = Vec::new();
            for (at, span) in &self.0 {
                rooms.push((*at, full_at.since(*at)));
                full_at = full_at.max(*at).after(*span);
            }
            (rooms, full_at.since(now))
        }
    }

    /// Returns how much too little was given back in all, and how much was given back.
    fn compare(pauses: u64, most: u64) -> (Span, Span) {
        let (mut peaks, mut levels) = (Peaks::NONE, Levels::default());
        let (mut open, mut now) = (Vec::new(), at(0));
        let (mut lost, mut all) = (Span::ZERO, Span::ZERO);
        for nth in 1..1_000_u64 {
            let number = nth.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            now = now.after(ms(number % pauses));
            let (rooms, room) = levels.rooms(now);
            if number % 2 == 0 || open.is_empty() {
                peaks.record(room, now);
                let span = ms(number % most);
                open.push((now, span, levels.0.len()));
                levels.0.push((now, span));
                continue;
            }
            let which = usize::try_from(number / 2).expect("small") % open.len();
            let (drawn_at, drawn, place) = open.swap_remove(which);
            let unspent = drawn.minus(ms(number % 7));
            let later = rooms.iter().filter(|(at, _)| *at > drawn_at);
            let exact = later
                .map(|(_, room)| *room)
                .fold(unspent.min(room), Span::min);
            let given = peaks.give_back(drawn_at, unspent, room, || drawn);
            assert!(given <= exact, "{nth}: {given:?}, {exact:?}");
            levels.0[place].1 = drawn.minus(given);
            lost = lost.plus(exact.minus(given));
            all = all.plus(given);
        }
        (lost, all)
    }

    #[test]
    fn no_more_is_given_back_than_there_was_room_for() {
        // Few calls at once: all peaks are known.
        let (lost, all) = compare(60, 40);
        assert_eq!(lost, Span::ZERO, "{all:?}");
        for pauses in [2, 5, 20] {
            let (lost, all) = compare(pauses, 40);
            assert!(lost.times(20) <= all, "{lost:?} of {all:?} with {pauses}");
        }
    }
}
