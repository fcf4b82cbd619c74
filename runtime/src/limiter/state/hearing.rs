//! Hints of a server to the limits that they are about.

use crate::costs::Costs;
use crate::learning::Assessment;
use crate::learning::DeclaredBucket;
use crate::learning::Observation;
use crate::learning::Routes;
use crate::learning::row_of_resource;
use crate::row::Row;
use crate::time::Instant;

use super::LimiterState;

impl LimiterState {
    /// Records what a response told of the server's limits, each at the limit that it is about. Returns the consequences
    /// for the bucket of the limiter.
    pub(super) fn assess(
        &mut self,
        (heard, costs): (&Observation<'_>, &Costs),
        own: Option<DeclaredBucket>,
        now: Instant,
    ) -> Assessment {
        let Some(rows) = &mut self.rows else {
            return self.learnt.hear(heard, own);
        };
        let routes = Routes::of(heard.hint, &rows.routed);
        let new = rows.oddities.add(routes.oddities());
        self.announced.odd.add(new);
        let unrouted = routes.closed_until(heard).filter(|_| !rows.is_inner);
        let mut assessment = Assessment::CLEAR;
        if rows.declared.first().is_some_and(Row::counts_requests) {
            assessment = self.learnt.hear_routed(&routes, 0, heard, own);
        } else {
            let bucket = (self.declared_shape, self.bucket.available(now));
            rows.first.hear((&routes, 0), (heard, costs), bucket, now);
        }
        for (row, state) in (1..).zip(&mut rows.others) {
            state.hear((&routes, row), (heard, costs), now);
        }
        assessment.closed_until = assessment.closed_until.max(unrouted);
        assessment
    }

    /// Records the limits that a refusal told of, which concern other limits than the bucket of the limiter.
    pub(super) fn assess_refusal(
        &mut self,
        (heard, costs): (&Observation<'_>, &Costs),
        now: Instant,
    ) {
        let Some(rows) = &mut self.rows else { return };
        let routes = Routes::of(heard.hint, &rows.routed);
        for (row, state) in (1..).zip(&mut rows.others) {
            state.doubt();
            state.hear((&routes, row), (heard, costs), now);
        }
    }

    /// Handles a refusal that is due to one resource, of which nothing is left: it closes the limit of that name until
    /// `until`, and no other.
    pub(in crate::limiter) fn close_row(&mut self, resource: &str, until: Instant) {
        let Some(rows) = &mut self.rows else { return };
        let own = rows.declared.len();
        let Some(row) = row_of_resource(resource, &rows.routed).filter(|&row| row < own) else {
            return;
        };
        match row.checked_sub(1).and_then(|at| rows.others.get_mut(at)) {
            Some(state) => state.close(until),
            None => rows.first.close(until),
        }
        self.delayed = true;
    }
}
