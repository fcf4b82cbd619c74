//! Paces of limits that a store tells to all processes.

use crate::costs::MAX_ROWS;
use crate::learning::Pace;
use crate::row::Row;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;

/// Time for which the other processes follow what refusals have shown, unless they are told again.
const AGAIN: Span = Span::from_secs(30);

impl LimiterState {
    /// Tells all processes that share the limits of the paces that a server's answers ask for.
    pub(super) fn tell_paces(&mut self, now: Instant) {
        let (paces, closed) = (self.paces(now), self.closed());
        let shape = self.bucket.shape;
        let Some(remote) = &mut self.remote else {
            return;
        };
        for (row, pace) in paces.into_iter().enumerate() {
            match closed[row].filter(|until| *until > now) {
                Some(until) => remote.close_row(row, until, shape, now),
                None => remote.learn_row(row, pace, shape, now),
            }
        }
    }

    /// Returns the instant until which each limit is used up, as the server says.
    fn closed(&self) -> [Option<Instant>; MAX_ROWS] {
        let mut closed = [None; MAX_ROWS];
        if let Some(rows) = &self.rows {
            closed[0] = Some(rows.first.closed_until());
            for (row, state) in rows.numbered() {
                closed[row] = Some(state.hints().closed_until());
            }
        }
        closed
    }

    /// Returns the pace of each limit that the server's answers ask for.
    fn paces(&self, now: Instant) -> [Option<Pace>; MAX_ROWS] {
        let mut paces = [None; MAX_ROWS];
        let is_first_of_requests = self
            .rows
            .as_ref()
            .and_then(|rows| rows.declared.first())
            .is_none_or(Row::counts_requests);
        let hints = |row: usize| {
            let rows = self.rows.as_ref()?;
            match row.checked_sub(1) {
                None => rows.first.pace(now),
                Some(at) => rows.others.get(at)?.hints().pace(now),
            }
        };
        for (row, (_, declared)) in self.declared_shapes().enumerate() {
            let told = if row == 0 && is_first_of_requests {
                self.learnt.pace().filter(|pace| pace.until > now)
            } else {
                hints(row)
            };
            // A pace that refusals have shown holds until something else is learnt: it is told again now and then.
            let cut = self.share_of(row, declared).interval;
            let again = Span::from_nanos(AGAIN.nanos() - now.nanos() % AGAIN.nanos());
            let cut = (cut > declared.interval).then(|| Pace {
                interval: cut,
                until: now.after(again).after(AGAIN),
            });
            paces[row] = told.into_iter().chain(cut).max_by_key(|pace| pace.interval);
        }
        paces
    }
}
