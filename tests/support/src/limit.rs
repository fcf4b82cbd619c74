//! Limits that model servers enforce: a bucket and windows. Takes the time as an argument, counted from any instant.

use core::time::Duration;
use std::collections::VecDeque;

use http::HeaderMap;
use http::StatusCode;

/// Rule by which a server counts requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Bucket that gains a token each `token` (GCRA).
    Bucket {
        /// Number of tokens that it holds.
        limit: u32,
        /// Time in which it gains a token.
        token: Duration,
        /// Time in which an empty one becomes full.
        capacity: Duration,
    },
    /// Windows, each begun by the first request after the one before is over.
    Fixed {
        /// Number of requests in a window.
        limit: u32,
        /// Length of a window.
        length: Duration,
    },
    /// Windows that begin at the multiples of their length.
    Aligned {
        /// Number of requests in a window.
        limit: u32,
        /// Length of a window.
        length: Duration,
    },
    /// Window that ends now.
    Moving {
        /// Number of requests in any window.
        limit: u32,
        /// Length of a window.
        length: Duration,
    },
}

impl Rule {
    /// Returns the number of requests that pass at once.
    pub const fn limit(self) -> u32 {
        match self {
            Self::Bucket { limit, .. }
            | Self::Fixed { limit, .. }
            | Self::Aligned { limit, .. }
            | Self::Moving { limit, .. } => limit,
        }
    }
}

/// Decision on a request.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The request passes; otherwise, the time until one would.
    pub verdict: Result<(), Duration>,
    /// Number of requests that pass at once, at best.
    pub limit: u32,
    /// Number of requests that would pass now.
    pub remaining: u32,
    /// Time until the bucket is full, or the window is over.
    pub reset: Duration,
}

impl Answer {
    /// Returns whether the request passes.
    pub const fn passes(&self) -> bool {
        self.verdict.is_ok()
    }

    /// Returns the status of the response: 200 or 429.
    pub const fn status(&self) -> StatusCode {
        match self.verdict {
            Ok(()) => StatusCode::OK,
            Err(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// Returns the headers of the response, `x-ratelimit-*` and `retry-after`, in whole seconds.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-limit", self.limit.into());
        headers.insert("x-ratelimit-remaining", self.remaining.into());
        headers.insert("x-ratelimit-reset", whole_seconds(self.reset).into());
        if let Err(wait) = self.verdict {
            headers.insert("retry-after", whole_seconds(wait).into());
        }
        headers
    }
}

/// Returns a time in seconds, rounded up.
pub const fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + (time.subsec_nanos() > 0) as u64
}

/// A limit at work.
#[derive(Debug)]
pub struct Limit {
    rule: Rule,
    /// Refused requests count as well.
    counts_refused: bool,
    /// Instant at which the bucket is full, or the window is over.
    until: Option<Duration>,
    /// Instants of the requests that count, in the window.
    counted: VecDeque<Duration>,
    refused: u32,
}

impl Limit {
    /// Creates a limit that has not been used. `counts_refused`: refused requests count as well.
    pub const fn new(rule: Rule, counts_refused: bool) -> Self {
        Self {
            rule,
            counts_refused,
            until: None,
            counted: VecDeque::new(),
            refused: 0,
        }
    }

    /// Creates a limit of which `used` requests were used at the instant 0.
    pub fn used(rule: Rule, used: u32) -> Self {
        let mut limit = Self::new(rule, false);
        for _ in 0..used {
            limit.ask(Duration::ZERO);
        }
        limit
    }

    /// Returns the number of requests that were refused.
    pub const fn refused(&self) -> u32 {
        self.refused
    }

    /// Decides on a request at the instant `now`.
    pub fn ask(&mut self, now: Duration) -> Answer {
        let answer = match self.rule {
            Rule::Bucket {
                limit,
                token,
                capacity,
            } => self.bucket(limit, token, capacity, now),
            Rule::Fixed { limit, length } => {
                self.begin(now, now + length);
                self.window(limit, now)
            }
            Rule::Aligned { limit, length } => {
                let begun = now.as_nanos() / length.as_nanos();
                let ends = length * (u32::try_from(begun).expect("a short test") + 1);
                self.begin(now, ends);
                self.window(limit, now)
            }
            Rule::Moving { limit, length } => self.moving(limit, length, now),
        };
        self.refused += u32::from(!answer.passes());
        answer
    }

    fn bucket(&mut self, limit: u32, token: Duration, capacity: Duration, now: Duration) -> Answer {
        let tat = self.until.map_or(now, |tat| tat.max(now));
        let missing = (tat + token).saturating_sub(now + capacity);
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
        let reset = tat.saturating_sub(now);
        let left = capacity.saturating_sub(reset);
        Answer {
            verdict,
            limit,
            remaining: u32::try_from(left.as_nanos() / token.as_nanos()).unwrap_or(limit),
            reset,
        }
    }

    /// Begins a window that ends at `ends`, unless one is under way.
    fn begin(&mut self, now: Duration, ends: Duration) {
        if self.until.is_none_or(|until| until <= now) {
            self.until = Some(ends);
            self.counted.clear();
        }
    }

    fn window(&mut self, limit: u32, now: Duration) -> Answer {
        let passes = self.count(limit, now);
        let ends = self
            .until
            .map_or(Duration::ZERO, |until| until.saturating_sub(now));
        self.answer(limit, passes, ends, ends)
    }

    fn moving(&mut self, limit: u32, length: Duration, now: Duration) -> Answer {
        while self.counted.front().is_some_and(|at| *at + length <= now) {
            self.counted.pop_front();
        }
        let passes = self.count(limit, now);
        let leaves = |nth: usize| {
            let at = self.counted.get(nth);
            at.map_or(length, |at| (*at + length).saturating_sub(now))
        };
        // With refused requests counted, there is room once enough have left the window.
        let over = self.counted.len().saturating_sub(limit as usize);
        let (first, room) = (leaves(0), leaves(over));
        self.answer(limit, passes, first, room)
    }

    fn count(&mut self, limit: u32, now: Duration) -> bool {
        let passes = self.counted.len() < limit as usize;
        if passes || self.counts_refused {
            self.counted.push_back(now);
        }
        passes
    }

    fn answer(&self, limit: u32, passes: bool, reset: Duration, wait: Duration) -> Answer {
        let counted = u32::try_from(self.counted.len()).unwrap_or(u32::MAX);
        Answer {
            verdict: if passes { Ok(()) } else { Err(wait) },
            limit,
            remaining: limit.saturating_sub(counted),
            reset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Asks at these instants, in milliseconds. Returns the waits of the refused, remaining requests and resets.
    fn asked(rule: Rule, counts_refused: bool, times: &[u64]) -> Vec<(u128, u32, u128)> {
        let mut limit = Limit::new(rule, counts_refused);
        let answers = times.iter().map(|at| limit.ask(Duration::from_millis(*at)));
        let figures = answers.map(|answer| {
            let wait = answer.verdict.err().unwrap_or_default();
            (wait.as_millis(), answer.remaining, answer.reset.as_millis())
        });
        figures.collect()
    }

    #[test]
    fn buckets_gain_a_token_each_interval() {
        let rule = Rule::Bucket {
            limit: 2,
            token: SECOND,
            capacity: 2 * SECOND,
        };
        let times = [0, 0, 0, 400, 1000];
        let first = [(0, 1, 1000), (0, 0, 2000), (1000, 0, 2000)];
        let free = [first.as_slice(), &[(600, 0, 1600), (0, 0, 2000)]].concat();
        assert_eq!(asked(rule, false, &times), free);
        let counted = [first.as_slice(), &[(600, 0, 2000), (400, 0, 2000)]].concat();
        assert_eq!(asked(rule, true, &times), counted);
    }

    #[test]
    fn fixed_windows_begin_with_a_request_and_aligned_ones_at_their_multiples() {
        let (limit, length) = (1, SECOND);
        let times = [300, 900, 1200, 1300];
        let fixed = [(0, 0, 1000), (400, 0, 400), (100, 0, 100), (0, 0, 1000)];
        assert_eq!(asked(Rule::Fixed { limit, length }, false, &times), fixed);
        let aligned = [(0, 0, 700), (100, 0, 100), (0, 0, 800), (700, 0, 700)];
        assert_eq!(
            asked(Rule::Aligned { limit, length }, false, &times),
            aligned
        );
    }

    #[test]
    fn a_moving_window_has_room_once_enough_requests_have_left_it() {
        let rule = Rule::Moving {
            limit: 2,
            length: SECOND,
        };
        let times = [0, 400, 600, 1000];
        let first = [(0, 1, 1000), (0, 0, 600)];
        let free = [first.as_slice(), &[(400, 0, 400), (0, 0, 400)]].concat();
        assert_eq!(asked(rule, false, &times), free);
        let counted = [first.as_slice(), &[(800, 0, 400), (600, 0, 400)]].concat();
        assert_eq!(asked(rule, true, &times), counted);
    }
}
