//! How much can be given back of what calls have drawn.
//!
//! A bucket that counts what is used has more tokens than one that counts what was drawn, and is full earlier: what flows
//! in then is lost. So what was drawn before a call is given back only as far as the bucket was from full just before
//! that call. This holds for each call since the draw.

use super::Ticks;

/// Number of calls that are told apart.
pub(super) const MAX_HEADROOM: usize = 4;

/// How far a bucket was from full just before a call: no more can be given back of what was drawn before.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Calls, Limit, Limits, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let calls = Calls::new().and(1, &[2]);
/// let draw = Action::DrawCalls { calls, horizon: Ticks::ZERO, longest: Ticks::ZERO, drain: false };
/// let request = Request::new(draw, limits);
/// let now = Ticks::from_secs(1_000);
/// let later = now + Ticks::from_millis(100);
/// let mut state = State::default();
/// step(&mut state, now, &request);
/// step(&mut state, later, &request);
/// // The bucket would have been full 300 ms after the second call.
/// assert_eq!(state.rows[0].headroom[0].at, later);
/// assert_eq!(state.rows[0].headroom[0].room, Ticks::from_millis(300));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Headroom {
    /// Instant at which the call was due; 0: there is none.
    pub at: Ticks,
    /// Time that can be given back.
    pub room: Ticks,
}

impl Headroom {
    /// Returns how many there are. They are in the order of their instants, and of their room: one with less room than
    /// those before it stands for them too.
    fn count(list: &[Self; MAX_HEADROOM]) -> usize {
        let end = list.iter().position(|it| it.at == Ticks::ZERO);
        end.unwrap_or(MAX_HEADROOM)
    }

    /// Adds a call that is due at `at`. The bucket was full at `spilt_at`, which stands for all before.
    pub(super) fn add(list: &mut [Self; MAX_HEADROOM], at: Ticks, room: Ticks, spilt_at: Ticks) {
        Self::keep(list, |it| it.at > spilt_at);
        let count = Self::count(list);
        // One that is due before a call that was served earlier: that call left no more room.
        if list[..count].last().is_some_and(|last| last.at >= at) || at <= spilt_at {
            return;
        }
        Self::keep(list, |it| it.room < room);
        let mut count = Self::count(list);
        if count == MAX_HEADROOM {
            Self::merge(list);
            count -= 1;
        }
        list[count] = Self { at, room };
    }

    /// Gives back up to `price` of what was drawn at `drawn_at`. Returns how much of it.
    pub(super) fn give_back(
        list: &mut [Self; MAX_HEADROOM],
        drawn_at: Ticks,
        price: Ticks,
    ) -> Ticks {
        let later = |it: &&mut Self| it.at > drawn_at;
        let least = list.iter_mut().filter(later).map(|it| it.room).min();
        let given = least.map_or(price, |least| price.min(least));
        for it in list.iter_mut().filter(later) {
            it.room = it.room - given;
        }
        // Earlier marks have no more room than later ones.
        if let Some(first) = list.iter().find(|it| it.at > drawn_at).copied() {
            Self::keep(list, |it| it.at > drawn_at || it.room < first.room);
        }
        given
    }

    /// Drops the others, and moves those that are kept to the front.
    pub(super) fn keep(list: &mut [Self; MAX_HEADROOM], is_kept: impl Fn(&Self) -> bool) {
        let mut kept = [Self::default(); MAX_HEADROOM];
        let all = list.iter().filter(|it| it.at > Ticks::ZERO && is_kept(it));
        for (place, it) in kept.iter_mut().zip(all) {
            *place = *it;
        }
        *list = kept;
    }

    /// Makes one of the two whose room differs least: the later one, with the room of the earlier.
    fn merge(list: &mut [Self; MAX_HEADROOM]) {
        let gaps = list.windows(2).map(|pair| pair[1].room - pair[0].room);
        let least = gaps.enumerate().min_by_key(|(_, gap)| *gap);
        let at = least.map_or(0, |(at, _)| at);
        list[at + 1].room = list[at].room;
        list[at].at = Ticks::ZERO;
        Self::keep(list, |_| true);
    }
}
