//! Quotas to declare for the servers.

use core::time::Duration;

use test_support::kinds::Kind;
use test_support::kinds::PER_WINDOW;
use test_support::kinds::RATE;
use test_support::kinds::WINDOW;

use crate::contenders::Declared;

/// Returns the quota to declare for a known server. `burst + rate * window` requests may fall into a
/// window, so that 60 in 2 s come from a burst of 1 and 59 in 2 s.
pub(crate) const fn right(kind: Kind) -> Declared {
    match kind {
        Kind::Gcra => Declared {
            calls: RATE,
            period: Duration::from_secs(1),
            burst: RATE,
            strict: false,
        },
        Kind::Fixed | Kind::Moving => Declared {
            calls: PER_WINDOW - 1,
            period: WINDOW,
            burst: 1,
            strict: false,
        },
    }
}

/// Returns the strict window to declare for a server that has windows.
pub(crate) const fn strict(kind: Kind) -> Option<Declared> {
    match kind {
        Kind::Gcra => None,
        Kind::Fixed | Kind::Moving => Some(Declared {
            calls: PER_WINDOW,
            period: WINDOW,
            burst: PER_WINDOW,
            strict: true,
        }),
    }
}
