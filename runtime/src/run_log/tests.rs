use core::time::Duration;

use super::*;

/// Numbers without a pattern that are the same in each run.
struct Numbers(u64);

impl Numbers {
    /// Returns a number from 0 to 1, 1 excluded.
    fn share(&mut self) -> f64 {
        let seed = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = seed.wrapping_add(1_442_695_040_888_963_407);
        let bits = u32::try_from(self.0 >> 33).expect("31 bits");
        f64::from(bits) / f64::from(1_u32 << 31)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small and not negative"
    )]
    fn below(&mut self, end: u32) -> u32 {
        (self.share() * f64::from(end)) as u32
    }

    /// Returns the time between two arrivals that come at random, `mean` on average.
    fn gap(&mut self, mean: Span) -> Span {
        let gap = Duration::from(mean).mul_f64(-(1.0 - self.share()).ln());
        Span::from_nanos(u64::try_from(gap.as_nanos()).expect("a short time"))
    }
}

/// Returns the instant this long after the start.
fn at(since: Span) -> Instant {
    Instant::from_nanos(1_000_000_000_000).after(since)
}

/// Log with one entry for each permit.
#[derive(Default)]
struct ExactLog {
    permits: VecDeque<Batch>,
    counted: u64,
}

impl ExactLog {
    fn due(&mut self, tokens: u64, limit: u64, now: Instant, lasts: Span) -> Instant {
        while let Some(first) = self.permits.front().filter(|it| it.at.after(lasts) <= now) {
            self.counted -= first.tokens;
            self.permits.pop_front();
        }
        let mut missing = (self.counted + tokens).saturating_sub(limit);
        let mut due = now;
        for it in &self.permits {
            if missing == 0 {
                break;
            }
            missing = missing.saturating_sub(it.tokens);
            due = it.at.after(lasts);
        }
        due
    }

    fn take(&mut self, permit: Batch) {
        self.permits.push_back(permit);
        self.counted += permit.tokens;
    }
}

/// A limit, and calls that want more than it allows.
#[derive(Clone, Copy, Debug)]
struct Demand {
    limit: u32,
    lasts: Span,
    /// Costs are from this on, and below twice as much.
    cost: u32,
    /// Tokens that are asked for, as a multiple of the limit.
    share: f64,
    periods: u64,
}

impl Demand {
    fn arrivals(&self, seed: u64) -> Vec<(Instant, u64)> {
        let mut numbers = Numbers(seed);
        let mean = f64::from(self.cost) * 1.5 - 0.5;
        let mean = Duration::from(self.lasts).mul_f64(mean / f64::from(self.limit) / self.share);
        let mean = Span::from_nanos(u64::try_from(mean.as_nanos()).expect("a short time"));
        let (mut now, mut arrivals) = (at(Span::ZERO), Vec::new());
        while now.since(at(Span::ZERO)) < self.lasts.times(self.periods) {
            arrivals.push((now, u64::from(self.cost + numbers.below(self.cost))));
            now = now.after(numbers.gap(mean));
        }
        arrivals
    }

    /// Serves the arrivals in their order, by the exact log or by the run log. Returns the permits.
    fn serve(&self, seed: u64, exactly: bool) -> Vec<Batch> {
        let (limit, lasts) = (u64::from(self.limit), self.lasts);
        let (mut exact, mut log) = (ExactLog::default(), RunLog::new(self.limit));
        let (mut now, mut permits) = (at(Span::ZERO), Vec::new());
        let end = at(lasts.times(self.periods));
        for (arrival, tokens) in self.arrivals(seed) {
            now = now.max(arrival);
            let due = if exactly {
                exact.due(tokens, limit, now, lasts)
            } else {
                log.due(tokens, now, lasts)
            };
            now = due;
            if now >= end {
                break;
            }
            let permit = Batch { at: now, tokens };
            if exactly {
                exact.take(permit);
            } else {
                log.take(tokens, now, lasts);
                assert!(log.runs.len() <= MOST);
            }
            permits.push(permit);
        }
        permits
    }
}

/// Returns the most tokens in an interval that is shorter than `lasts`.
fn most(permits: &[Batch], lasts: Span) -> u64 {
    let (mut first, mut inside, mut most) = (0, 0, 0);
    for permit in permits {
        inside += permit.tokens;
        while permits[first].at.after(lasts) <= permit.at {
            inside -= permits[first].tokens;
            first += 1;
        }
        most = most.max(inside);
    }
    most
}

fn tokens(permits: &[Batch]) -> u64 {
    permits.iter().map(|permit| permit.tokens).sum()
}

/// The limits that providers have, with costs of 1 and of many tokens.
const DEMANDS: [Demand; 6] = {
    const CALLS: Demand = Demand {
        limit: 60,
        lasts: Span::from_secs(60),
        cost: 1,
        share: 1.5,
        periods: 8,
    };
    const HOUR: Demand = Demand {
        limit: 5000,
        lasts: Span::from_secs(3600),
        ..CALLS
    };
    const TOKENS: Demand = Demand {
        limit: 300_000,
        cost: 1000,
        ..CALLS
    };
    [
        CALLS,
        HOUR,
        TOKENS,
        Demand {
            share: 1.05,
            ..HOUR
        },
        Demand { share: 4.0, ..HOUR },
        Demand { cost: 50, ..TOKENS },
    ]
};

#[test]
fn no_interval_holds_more_than_the_limit() {
    for demand in DEMANDS {
        for seed in 0..2 {
            let permits = demand.serve(seed, false);
            assert!(
                most(&permits, demand.lasts) <= u64::from(demand.limit),
                "{demand:?}"
            );
        }
    }
}

#[test]
fn the_rate_is_nearly_that_of_an_exact_log() {
    for demand in DEMANDS {
        let sum = |exactly| -> u64 {
            (0..2)
                .map(|seed| tokens(&demand.serve(seed, exactly)))
                .sum()
        };
        let (exact, runs) = (sum(true), sum(false));
        println!("{demand:?}: {runs} of {exact}");
        assert!(runs * 100 >= exact * 98, "{demand:?}: {runs} of {exact}");
    }
}
