//! What the servers enforce: three kinds of limit, all of 30 requests per second in the long run.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use crate::contenders::Declared;

/// Requests per second that every kind lets through.
pub(crate) const RATE: u32 = 30;

/// How long the windows are.
const WINDOW: Duration = Duration::from_secs(2);

/// Requests that a window holds.
const PER_WINDOW: u32 = 60;

/// What a server enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// GCRA with a burst of 30.
    Gcra,
    /// Windows of 2 s, each begun by the first request after the one before is over.
    Fixed,
    /// At most 60 in any 2 s.
    Moving,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Gcra, Self::Fixed, Self::Moving];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gcra => "gcra",
            Self::Fixed => "fixed",
            Self::Moving => "moving",
        }
    }

    /// The shortest time from the first of `calls` requests to the last one let through.
    ///
    /// GCRA takes its burst at once and then one each 1/rate: (calls - burst) / rate. Either window
    /// takes all it holds at its very beginning: (number of windows - 1) * length.
    pub(crate) fn ideal(self, calls: u32) -> Duration {
        match self {
            Self::Gcra => Duration::from_secs(1) * calls.saturating_sub(RATE) / RATE,
            Self::Fixed | Self::Moving => WINDOW * (calls.div_ceil(PER_WINDOW) - 1),
        }
    }

    /// What somebody declares who knows the server. `burst + rate * window` requests may fall into a
    /// window, so that 60 in 2 s come from a burst of 1 and 59 in 2 s.
    pub(crate) const fn right(self) -> Declared {
        match self {
            Self::Gcra => Declared {
                calls: RATE,
                period: Duration::from_secs(1),
                burst: RATE,
                strict: false,
            },
            Self::Fixed | Self::Moving => Declared {
                calls: PER_WINDOW - 1,
                period: WINDOW,
                burst: 1,
                strict: false,
            },
        }
    }

    /// The same as a strict window, where the server has windows.
    pub(crate) const fn strict(self) -> Option<Declared> {
        match self {
            Self::Gcra => None,
            Self::Fixed | Self::Moving => Some(Declared {
                calls: PER_WINDOW,
                period: WINDOW,
                burst: PER_WINDOW,
                strict: true,
            }),
        }
    }
}

/// What a server says of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    /// It was let through; otherwise, when one would be.
    pub(crate) verdict: Result<(), Duration>,
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Until the limit is whole again or the window is over.
    pub(crate) reset: Duration,
}

/// A limit at work.
#[derive(Debug)]
pub(crate) struct Limit {
    kind: Kind,
    /// Whether requests that are refused count as well.
    counts_refused: bool,
    /// When GCRA's bucket is full, or when the fixed window ends.
    until: Option<Instant>,
    /// What counts, in the fixed window or in the last 2 s.
    counted: VecDeque<Instant>,
}

impl Limit {
    pub(crate) const fn new(kind: Kind, counts_refused: bool) -> Self {
        Self {
            kind,
            counts_refused,
            until: None,
            counted: VecDeque::new(),
        }
    }

    /// A request comes in at `now`.
    pub(crate) fn ask(&mut self, now: Instant) -> Answer {
        match self.kind {
            Kind::Gcra => self.bucket(now),
            Kind::Fixed => {
                if self.until.is_none_or(|until| until <= now) {
                    self.until = Some(now + WINDOW);
                    self.counted.clear();
                }
                self.window(now)
            }
            Kind::Moving => {
                while self.counted.front().is_some_and(|at| *at + WINDOW <= now) {
                    self.counted.pop_front();
                }
                self.window(now)
            }
        }
    }

    fn bucket(&mut self, now: Instant) -> Answer {
        let (token, capacity) = (Duration::from_secs(1) / RATE, Duration::from_secs(1));
        let tat = self.until.map_or(now, |tat| tat.max(now));
        let missing = (tat + token - now).saturating_sub(capacity);
        let verdict = if missing.is_zero() {
            Ok(())
        } else {
            Err(missing)
        };
        let tat = match verdict {
            Ok(()) => tat + token,
            Err(_) if self.counts_refused => (tat + token).min(now + capacity),
            Err(_) => tat,
        };
        self.until = Some(tat);
        let left = capacity.saturating_sub(tat - now);
        Answer {
            verdict,
            limit: RATE,
            remaining: u32::try_from(left.as_nanos() / token.as_nanos()).unwrap_or(RATE),
            reset: tat - now,
        }
    }

    fn window(&mut self, now: Instant) -> Answer {
        let full = self.counted.len() >= PER_WINDOW as usize;
        if !full || self.counts_refused {
            self.counted.push_back(now);
        }
        let counted = u32::try_from(self.counted.len()).unwrap_or(u32::MAX);
        let ends = match self.kind {
            Kind::Moving => self.counted.front().map(|at| *at + WINDOW),
            Kind::Fixed | Kind::Gcra => self.until,
        };
        // With refused requests counted, the moving window has room once enough have left it.
        let over = (self.counted.len() + 1).saturating_sub(PER_WINDOW as usize);
        let room = match self.kind {
            Kind::Moving => self
                .counted
                .get(over.saturating_sub(1))
                .map(|at| *at + WINDOW),
            Kind::Fixed | Kind::Gcra => ends,
        };
        let wait = |at: Option<Instant>| at.map_or(Duration::ZERO, |at| at - now);
        Answer {
            verdict: if full { Err(wait(room)) } else { Ok(()) },
            limit: PER_WINDOW,
            remaining: PER_WINDOW.saturating_sub(counted),
            reset: wait(ends),
        }
    }
}
