//! Bucket that counts what calls use, with the times of all changes.

use core::num::NonZeroU32;
use core::time::Duration;

use paced::Quota;
use test_support::life::SLACK;

/// Tokens in a second, and those that a bucket holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared {
    pub(super) rate: u32,
    pub(super) burst: u32,
}

impl Declared {
    pub(super) fn quota(self) -> Quota {
        let of = |count| NonZeroU32::new(count).expect("above 0");
        Quota::per_second(of(self.rate)).with_burst(of(self.burst))
    }

    /// Time from one token to the next.
    pub(super) fn interval(self) -> i64 {
        1_000_000_000 / i64::from(self.rate)
    }
}

/// A change of a bucket that counts what calls use.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Use(u32),
    Quota(Declared),
}

/// A bucket that counts what calls use. A full one gains tokens for a little longer: timers may be late while callers wait,
/// and a permit counts from its grant on, but is used as soon as its caller is polled.
pub(super) struct Counted {
    pub(super) first: Declared,
    pub(super) changes: Vec<(Duration, Change)>,
}

impl Counted {
    /// Returns the time in which the bucket is full.
    pub(super) fn room(&self, now: Duration) -> i64 {
        let nanos = |at: Duration| i64::try_from(at.as_nanos()).expect("some seconds");
        let slack = nanos(2 * SLACK);
        let (mut declared, mut room, mut last) = (self.first, -slack, 0);
        for (at, change) in &self.changes {
            room = (room - (nanos(*at) - last)).max(-slack);
            last = nanos(*at);
            match change {
                Change::Use(tokens) => room += declared.interval() * i64::from(*tokens),
                Change::Quota(to) => {
                    let capacity = |of: Declared| of.interval() * i64::from(of.burst);
                    let owed = (room - capacity(declared)).max(0);
                    let scaled = |span: i64| span * to.interval() / declared.interval();
                    room = scaled(room - owed).min(capacity(*to)) + scaled(owed);
                    declared = *to;
                }
            }
        }
        (room - (nanos(now) - last)).max(-slack)
    }
}
