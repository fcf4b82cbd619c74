//! State of a limiter in a store.

use super::Limits;
use super::MAX_LIMITS;
use super::Ticks;

/// Longest pause that is believed: 30 days.
pub(super) const LONGEST_PAUSE: Ticks = Ticks::from_secs(30 * 24 * 3600);

/// Script languages whose numbers are floating-point ones count no further by ones.
const MAX_GENERATION: u64 = 1 << 52;

/// Largest number up to which such languages know all whole numbers.
pub(super) const MAX_EXACT: u64 = 1 << 53;

/// Latest instant that such languages know.
const LATEST: Ticks = Ticks::new(MAX_EXACT);

/// Time for which a state stays beyond the instant at which it means nothing any more.
const SLACK: Ticks = Ticks::from_secs(2);

/// State of a limiter in a store. All instants are of the store's clock; the default is a limiter that was never
/// used.
///
/// # Examples
///
/// ```
/// use paced::store::{Action, Limit, Limits, Request, State, Ticks, step};
///
/// let limits = Limits::one(Limit::new(Ticks::from_millis(200), 5));
/// let now = Ticks::from_secs(1_000);
/// let mut state = State::default();
/// step(&mut state, now, &Request::new(Action::Pause { duration: Ticks::from_secs(60) }, limits));
/// assert_eq!(state.paused_until, now + Ticks::from_secs(60));
/// assert_eq!((state.generation, state.seen), (1, now));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct State {
    /// Instant at which the bucket is full again, for every limit (GCRA's theoretical arrival time). Where
    /// there are fewer than four limits, the last one is the end of the last pause that was lifted by hand.
    pub full_at: [Ticks; MAX_LIMITS],
    /// Instant before which no token is granted.
    pub paused_until: Ticks,
    /// Number of times that the tokens drawn before became void: with every pause, every extension of one,
    /// and every pause that is lifted by hand.
    pub generation: u64,
    /// Time from one token to the next that a server's answers have shown to be the limit, if that
    /// is slower than what was declared.
    pub learnt_interval: Ticks,
    /// Instant until which that holds.
    pub learnt_until: Ticks,
    /// Instant of the last change: by it a clock that was set back is noticed.
    pub seen: Ticks,
}

impl State {
    /// Returns the instant from which on this state means no more than the default one, plus two seconds. A
    /// store may forget it then.
    ///
    /// Only the [generation](Self::generation) is lost with it, when no drawn token is left that it could
    /// have made void.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{State, Ticks};
    ///
    /// let mut state = State::default();
    /// state.paused_until = Ticks::from_secs(1_000);
    /// assert_eq!(state.expires_at(), Ticks::from_secs(1_002));
    /// ```
    pub fn expires_at(&self) -> Ticks {
        let ends = [self.paused_until, self.learnt_until];
        let last = self.full_at.iter().chain(&ends).max();
        last.map_or(Ticks::ZERO, |last| *last + SLACK)
    }

    /// Returns the state with impossible values moved to where scripts can follow.
    pub(super) fn bounded(mut self) -> Self {
        for instant in &mut self.full_at {
            *instant = (*instant).min(LATEST);
        }
        Self {
            full_at: self.full_at,
            paused_until: self.paused_until.min(LATEST),
            generation: self.generation.min(MAX_EXACT),
            learnt_interval: self.learnt_interval.min(LATEST),
            learnt_until: self.learnt_until.min(LATEST),
            seen: self.seen.min(LATEST),
        }
    }

    /// Moves all instants along with a clock that was set back.
    pub(super) fn shift_back(&mut self, now: Ticks) {
        let back = self.seen - now;
        if back == Ticks::ZERO {
            return;
        }
        for instant in &mut self.full_at {
            *instant = *instant - back;
        }
        self.paused_until = self.paused_until - back;
        self.learnt_until = self.learnt_until - back;
        self.seen = now;
    }

    /// Moves all instants along with a clock that was set forward by so much, unless that was done before: a
    /// bucket does not fill, and a pause does not end, because of a clock. The old time was `latest` at most.
    pub(super) fn shift_forward(&mut self, by: Ticks, latest: Ticks, now: Ticks) {
        if by == Ticks::ZERO || self.seen == Ticks::ZERO || self.seen > latest {
            return;
        }
        let later = |instant: Ticks| (instant + by).min(LATEST);
        self.full_at = self.full_at.map(later);
        self.paused_until = later(self.paused_until);
        self.learnt_until = later(self.learnt_until);
        self.seen = later(self.seen).min(now);
    }

    /// Restores what a process saw earlier and this state has lost, as far as it can be true.
    pub(super) fn merge_floor(&mut self, floor: Self, limits: &Limits, now: Ticks) {
        let mut floor = floor.bounded();
        floor.shift_back(now);
        floor.clamp_to(limits, now);
        // A pause that the floor does not know made void what its first bucket had given away.
        let void = usize::from(floor.generation < self.generation);
        let instants = self.full_at.iter_mut().zip(floor.full_at);
        for ((own, other), _) in instants.zip(limits.as_slice()).skip(void) {
            *own = (*own).max(other);
        }
        if !self.has_lifted(&floor, limits) {
            self.paused_until = self.paused_until.max(floor.paused_until);
        }
        if floor.seen > self.seen || floor.generation > self.generation {
            // The bucket does not know of all tokens that were drawn, before the loss and by other processes since.
            self.generation = self.generation.max(floor.generation + 1);
        }
        if floor.seen > self.seen {
            self.learnt_interval = floor.learnt_interval;
            self.learnt_until = floor.learnt_until;
        }
    }

    /// Records the end of the pause in force, which is lifted: a floor with this pause may be sent until
    /// then, and the state is kept for as long. Four limits leave no room for it.
    pub(super) fn note_lifted(&mut self, limits: &Limits) {
        if limits.as_slice().len() < MAX_LIMITS {
            let [.., lifted] = &mut self.full_at;
            *lifted = (*lifted).max(self.paused_until);
        }
    }

    /// Returns whether the pause of a floor was lifted by hand since.
    fn has_lifted(&self, floor: &Self, limits: &Limits) -> bool {
        let [.., lifted] = self.full_at;
        let known = limits.as_slice().len() == MAX_LIMITS || floor.paused_until <= lifted;
        floor.generation < self.generation && known
    }

    /// Moves impossible values to possible ones: nothing may stay closed for ever.
    pub(super) fn clamp_to(&mut self, limits: &Limits, now: Ticks) {
        let latest = now + LONGEST_PAUSE;
        if self.paused_until > latest {
            self.paused_until = Ticks::ZERO;
        }
        if self.learnt_until > latest {
            self.learnt_until = Ticks::ZERO;
        }
        if self.generation > MAX_GENERATION {
            self.generation = 0;
        }
        let from = now.max(self.paused_until);
        let limits = self.slowed(limits, now);
        for (instant, limit) in self.full_at.iter_mut().zip(limits.as_slice()) {
            *instant = (*instant).min(from + limit.furthest());
        }
    }

    /// Returns the limits that hold at `now`: with what was learnt.
    pub(super) fn slowed(&self, limits: &Limits, now: Ticks) -> Limits {
        let mut limits = *limits;
        if self.learnt_until > now {
            let first = limits.first_mut();
            *first = first.slowed(self.learnt_interval);
        }
        limits
    }
}
