//! How much can be given back of what calls have drawn.
//!
//! A bucket that counts what is used has more tokens than one that counts what was drawn, and is full earlier: what flows
//! in then is lost. So what was drawn before a call is given back only as far as the bucket was from full just before
//! that call. This holds for each call since the draw.
//!
//! A bucket is never fuller than one that counts what is used, so it never lacks less than a call has drawn that was not
//! settled yet, less what has flowed in since. Of its own draw a call can give back as much, whatever else is known. So
//! not all calls need to be told apart: only for those that take longer than what they use takes to flow in.

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

/// Tokens that calls have drawn and not used, as times.
#[derive(Clone, Copy)]
pub(super) struct Refund {
    /// Time in which that flows in.
    pub(super) price: Ticks,
    /// Time in which all that they have drawn flows in, or less.
    pub(super) drawn: Ticks,
    /// Instant at which the first was due.
    pub(super) drawn_at: Ticks,
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

    /// Gives back as much as there was room for. Returns how much.
    pub(super) fn give_back(list: &mut [Self; MAX_HEADROOM], refund: Refund) -> Ticks {
        let drawn_at = refund.drawn_at;
        // By then what was drawn has flowed in again.
        let end = drawn_at + refund.drawn;
        let later = |it: &&mut Self| it.at > drawn_at;
        let room = |it: &mut Self| it.room.max(end - it.at);
        let least = list.iter_mut().filter(later).map(room).min();
        let given = least.map_or(refund.price, |least| refund.price.min(least));
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
