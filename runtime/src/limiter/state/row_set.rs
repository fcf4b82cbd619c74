//! Limits of a limiter with several, as values: the one that paces is the bucket of the limiter itself.

use core::time::Duration;

use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::costs::TotalCosts;
use crate::learning::Oddities;
use crate::learning::RowShare;
use crate::row::REQUESTS;
use crate::row::Row;
use crate::row::Rows;
use crate::time::Instant;
use crate::time::Span;

use super::row_bucket::RowBucket;
use super::row_hints::RowHints;

/// For each limit, whether a refusal is about it.
pub(super) type AtFault = [bool; MAX_ROWS];

/// Limits of a limiter with several, or with one of another unit than requests.
#[derive(Debug)]
pub(in crate::limiter) struct RowSet {
    /// All limits, as they are declared.
    pub(super) declared: Vec<Row>,
    /// The same, and behind them those of other limiters from which the same calls take: hints are about all of them.
    pub(super) routed: Vec<Row>,
    /// Hints that name no limit are about another limiter.
    pub(super) is_inner: bool,
    /// Restrictions of the first limit by what the server says, if that is not one of requests.
    pub(super) first: RowHints,
    /// Statements of the server that cannot be meant, so far.
    pub(super) oddities: Oddities,
    /// Time that calls have waited for tokens of the first limit.
    pub(in crate::limiter) first_waited: Duration,
    /// The limits beside the first.
    pub(in crate::limiter) others: Vec<RowBucket>,
    /// Limit for whose tokens the next call waits.
    pub(super) blocking: usize,
    /// Accepted share of the rate of each limit. The share of a first limit of requests is among what the limiter has learnt.
    pub(super) shares: Vec<ToldShare>,
}

/// Accepted share of the rate of one limit, and what the last event said of it.
#[derive(Clone, Debug)]
pub(super) struct ToldShare {
    pub(super) share: RowShare,
    pub(super) told: f64,
    pub(super) is_cut: bool,
}

impl ToldShare {
    pub(super) const WHOLE: Self = Self {
        share: RowShare::WHOLE,
        told: 1.0,
        is_cut: false,
    };
}

impl RowSet {
    pub(super) fn new(rows: &Rows) -> Self {
        Self {
            declared: rows.iter().copied().collect(),
            routed: rows.iter().chain(&rows.elsewhere).copied().collect(),
            is_inner: rows.is_inner,
            first: RowHints::NONE,
            oddities: Oddities::NONE,
            first_waited: Duration::ZERO,
            others: rows.others.iter().map(RowBucket::new).collect(),
            blocking: 0,
            shares: rows.iter().map(|_| ToldShare::WHOLE).collect(),
        }
    }

    /// Returns the unit of the limit at `row`.
    pub(super) fn unit(&self, row: usize) -> &'static str {
        self.declared.get(row).map_or(REQUESTS, Row::unit)
    }

    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &RowBucket)> {
        (1..).zip(&self.others)
    }

    /// Returns the instants at which the limits beside the first are full again without `costs`, or as error the latest
    /// instant at which they can be taken, and the limit that has them last.
    #[inline]
    pub(super) fn drawn(
        &self,
        costs: &Costs,
        now: Instant,
        credit: Span,
    ) -> Result<[Instant; MAX_ROWS], (Instant, usize)> {
        let mut full_at = [Instant::EPOCH; MAX_ROWS];
        let mut latest: Option<(Instant, usize)> = None;
        for (row, state) in self.numbered() {
            match state.drawn(costs.of(row), now, credit) {
                Ok(drawn) => full_at[row] = drawn,
                Err(due) => latest = latest.max(Some((due, row))),
            }
        }
        latest.map_or(Ok(full_at), Err)
    }

    #[inline]
    pub(super) fn take(
        &mut self,
        full_at: &[Instant; MAX_ROWS],
        costs: &Costs,
        now: Instant,
        credit: Span,
    ) {
        for (row, state) in (1..).zip(&mut self.others) {
            state.take(full_at[row], costs.of(row), now, credit);
        }
    }

    /// Notes when the limits beside the first are full again without `costs`. Returns `false` if one of them does not have its
    /// cost, or is not a bucket alone.
    #[inline]
    pub(super) fn reserve(&mut self, costs: &Costs, now: Instant, credit: Span) -> bool {
        let mut states = self.others.iter_mut().zip(costs.others());
        states.all(|(state, &cost)| state.reserve(cost, now, credit))
    }

    /// Takes costs, for which [`reserve`](Self::reserve) was called at this instant.
    #[inline]
    pub(super) fn take_reserved(&mut self, costs: &Costs, now: Instant, credit: Span) {
        for (state, &cost) in self.others.iter_mut().zip(costs.others()) {
            state.take_reserved(cost, now, credit);
        }
    }

    /// Returns the instant from `start` on at which the limits beside the first have all of `total`, and the limit that
    /// has it last.
    pub(super) fn earliest(
        &self,
        total: &TotalCosts,
        start: Instant,
        now: Instant,
    ) -> (Instant, usize) {
        let due =
            |(row, state): (usize, &RowBucket)| (state.earliest(total.of(row), start, now), row);
        self.numbered().map(due).fold((start, 0), Ord::max)
    }
}
