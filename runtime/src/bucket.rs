//! The token bucket as arithmetic on integer nanoseconds: the generic cell rate algorithm (GCRA,
//! ATM Forum Traffic Management 4.1, section 4.4.2).
//!
//! The whole state is one instant, the *theoretical arrival time* (`tat`): the instant at which the bucket will be
//! full again if no token is taken. Instants are nanoseconds of [`clock`](crate::clock).

use core::num::NonZeroU32;

use crate::quota::Quota;
use crate::strict::StrictWindow;
use crate::time::Span;

/// A [`Quota`] in the units of the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Nanoseconds from one token to the next.
    pub(crate) interval: u64,
    /// Nanoseconds to fill an empty bucket: the interval times the burst.
    pub(crate) capacity: u64,
}

/// Timer slack: while callers are queued, or come back for the next permit, a full bucket may gain up to
/// two milliseconds of extra tokens, so that a late timer does not lower the rate. tokio's timers are
/// due within one.
pub(crate) const TIMER_SLACK: u64 = 2_000_000;

/// Maximum capacity in nanoseconds (36 years), so that sums of a few instants cannot overflow.
const MAX_CAPACITY: u64 = 1 << 60;

impl Shape {
    /// Returns the shape of a quota: of one with a strict window while nothing is known of the ways to the server.
    pub(crate) const fn of(quota: Quota) -> Self {
        match quota.window() {
            Some(window) if quota.burst().get() < window.limit.get() => {
                let lasts = window
                    .period
                    .nanos()
                    .saturating_add(window.longest_way().nanos());
                Self::strict(
                    window,
                    quota.burst(),
                    Span::from_nanos(lasts.saturating_add(TIMER_SLACK)),
                )
            }
            _ => Self::plain(quota),
        }
    }

    /// Returns the shape by which no interval of the length `lasts` holds more tokens than a strict window, with a
    /// burst that is less.
    ///
    /// An interval of the length `w` holds at most `burst + w / interval` tokens, and one more where tokens are drawn
    /// from a store. The interval is a little longer than what divides `lasts` into the rest of the window.
    pub(crate) const fn strict(window: StrictWindow, burst: NonZeroU32, lasts: Span) -> Self {
        let rest = window.limit.get().saturating_sub(burst.get()) as u64;
        let rest = if rest == 0 { 1 } else { rest };
        Self::with_burst(lasts.nanos() / rest + 1, burst)
    }

    const fn plain(quota: Quota) -> Self {
        Self::with_burst(quota.rate().nanos(), quota.burst())
    }

    const fn with_burst(interval: u64, burst: NonZeroU32) -> Self {
        let capacity = interval.saturating_mul(burst.get() as u64);
        let capacity = if capacity > MAX_CAPACITY {
            MAX_CAPACITY
        } else {
            capacity
        };
        Self { interval, capacity }
    }

    /// Returns the shape with room for `cost` tokens. A pace or a cut rate may leave less capacity than a call costs;
    /// such a call gets its permit once the bucket is full.
    pub(crate) fn with_room_for(self, cost: u32) -> Self {
        Self {
            capacity: self.capacity.max(self.price(u64::from(cost))),
            ..self
        }
    }

    /// Returns the nanoseconds that `cost` tokens take from the bucket.
    #[inline]
    pub(crate) const fn price(self, cost: u64) -> u64 {
        if cost == 1 {
            return self.interval;
        }
        let price = self.interval.saturating_mul(cost);
        if price > MAX_CAPACITY {
            MAX_CAPACITY
        } else {
            price
        }
    }
}

/// Takes `cost` tokens at `now`. Returns the new state, or as error the instant at which they can be taken.
///
/// `credit` is the timer slack in nanoseconds: the bucket may have been more than full by this much, so that the tokens
/// of waiters whose timer fires late are not lost.
#[inline]
pub(crate) fn take(tat: u64, shape: Shape, cost: u32, now: u64, credit: u64) -> Result<u64, u64> {
    let next = tat.max(now.saturating_sub(credit)) + shape.price(u64::from(cost));
    if next <= now + shape.capacity {
        Ok(next)
    } else {
        Err(next - shape.capacity)
    }
}

/// Returns the instant at which the last of `cost` tokens is free, if they are taken one by one from `now` on.
pub(crate) fn earliest(tat: u64, shape: Shape, cost: u64, now: u64) -> u64 {
    (tat.max(now) + shape.price(cost))
        .saturating_sub(shape.capacity)
        .max(now)
}

/// Returns the state after a cooldown: one token is free at `until`, and the next ones follow at the rate.
pub(crate) fn reopen(tat: u64, shape: Shape, until: u64) -> u64 {
    tat.max(until + (shape.capacity - shape.interval))
}

/// Returns the state for a new quota: as many tokens are used up as before.
pub(crate) fn rescale(tat: u64, from: Shape, to: Shape, now: u64) -> u64 {
    let used = u128::from(tat.saturating_sub(now)) * u128::from(to.interval);
    let used = u64::try_from(used / u128::from(from.interval)).unwrap_or(MAX_CAPACITY);
    now + used.min(to.capacity)
}

/// Returns the state of a bucket that holds `tokens`, at most its burst.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that is too large saturates"
)]
pub(crate) fn holding(tokens: f64, shape: Shape, now: u64) -> u64 {
    (now + shape.capacity).saturating_sub(shape.price(tokens as u64))
}

/// Returns the number of whole tokens that can be taken at `now`.
pub(crate) fn available(tat: u64, shape: Shape, now: u64) -> u64 {
    (now + shape.capacity).saturating_sub(tat.max(now)) / shape.interval
}

/// Returns the state, bounded to one that is possible at `now`. The clock of another runtime may have been ahead of
/// this one's (paused time in tests): then the bucket counts as empty, and not as closed for the difference.
pub(crate) fn sane(tat: u64, shape: Shape, now: u64) -> u64 {
    tat.min(now + shape.capacity)
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use super::*;

    #[test]
    fn a_clock_that_is_off_widens_the_envelope_by_as_much_and_no_more() {
        const OFF: u64 = 5_000;
        for (rate, burst) in [(100_000, 1), (100_000, 20), (1_000_000, 3)] {
            let [rate, burst] = [rate, burst].map(|n| NonZeroU32::new(n).expect("above 0"));
            let shape = Shape::of(Quota::per_second(rate).with_burst(burst));
            let (mut tat, mut now, mut seed) = (0, 1_000_000_000, 1_u64);
            let mut granted = Vec::new();
            while granted.len() < 500 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                now += (seed >> 33) % shape.interval;
                let reading = now - OFF + (seed >> 40) % (2 * OFF);
                if let Ok(next) = take(tat, shape, 1, reading, 0) {
                    tat = next;
                    granted.push(now);
                }
            }
            for (from, first) in granted.iter().enumerate() {
                for (to, last) in granted.iter().enumerate().skip(from) {
                    let most = (shape.capacity + last - first + 2 * OFF) / shape.interval;
                    assert!((to - from + 1) as u64 <= most, "{from} to {to} of {rate}/s");
                }
            }
        }
    }
}
