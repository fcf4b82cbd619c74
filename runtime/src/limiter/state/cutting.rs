//! Cuts of the rates that a server turns out not to accept, each of the limit that it is about.

use crate::bucket::Shape;
use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::learning::Routes;
use crate::learning::at_share;
use crate::quota::Rate;
use crate::row::Row;
use crate::time::Instant;

use super::LimiterState;
use super::news::ShareNews;
use super::rejection::Rejection;
use super::row_bucket::RowBucket;
use super::row_set::AtFault;

/// Words of a refusal about one limit.
#[derive(Clone, Copy)]
struct ToldRest {
    /// Number of tokens that the refused call takes. Of a call whose costs are not known: zero, as of all limits.
    cost: u32,
    /// Rest that the server has told.
    left: Option<f64>,
}

/// Signs that a refusal is about a limit, from the strongest to the weakest: nothing is left of it; less is left than the
/// call takes; the call takes from it, and the server does not say that enough is left; the call takes from it.
const SIGNS: [fn(&ToldRest) -> bool; 4] = [
    |rest| rest.left.is_some_and(|left| left < 1.0),
    |rest| rest.left.is_some_and(|left| left < f64::from(rest.cost)),
    |rest| rest.cost > 0 && rest.left.is_none(),
    |rest| rest.cost > 0,
];

impl LimiterState {
    /// Returns whether the first limit is measured in calls, together with everything else that is learnt.
    fn is_measured_in_calls(&self, row: usize) -> bool {
        let declared = self.rows.as_ref().and_then(|rows| rows.declared.first());
        row == 0 && declared.is_none_or(Row::counts_requests)
    }

    /// Returns the declared bucket of the limit at `row`, slowed down to the part of its rate that the server accepts.
    pub(super) fn share_of(&self, row: usize, declared: Shape) -> Shape {
        let shares = self.rows.as_ref().map(|rows| &rows.shares);
        match shares.and_then(|shares| shares.get(row)) {
            Some(told) if !self.is_measured_in_calls(row) => told.share.share_of(declared),
            _ => self.learnt.share_of(declared),
        }
    }

    /// Returns the limits that a refusal is about: those with the strongest sign, or all.
    pub(super) fn at_fault(&self, refused: &Rejection<'_>, costs: &Costs) -> AtFault {
        let Some(rows) = &self.rows else {
            return [true; MAX_ROWS];
        };
        let heard = refused.heard.map(|heard| heard.hint);
        let routes = heard.map(|hint| Routes::of(hint, &rows.declared));
        let rests = (0..rows.declared.len()).map(|row| ToldRest {
            cost: costs.of(row),
            left: routes.as_ref().and_then(|routes| routes.left_of(row)),
        });
        for sign in SIGNS {
            let mut at_fault = [false; MAX_ROWS];
            for (at_fault, rest) in at_fault.iter_mut().zip(rests.clone()) {
                *at_fault = sign(&rest);
            }
            if at_fault.contains(&true) {
                return at_fault;
            }
        }
        [true; MAX_ROWS]
    }

    /// Cuts the rates of the limits that a new refusal is about. Calls are sent again at `resumes`; `told`: the server set
    /// that instant.
    pub(super) fn cut(
        &mut self,
        at_fault: AtFault,
        sent: Instant,
        (resumes, told): (Instant, bool),
        now: Instant,
    ) {
        if at_fault[0] && self.is_measured_in_calls(0) {
            self.learnt.cut(resumes, told, self.declared_shape);
        } else {
            self.learnt.spare(resumes);
        }
        let mut declared = [self.declared_shape; MAX_ROWS];
        for (declared, (_, shape)) in declared.iter_mut().zip(self.declared_shapes()) {
            *declared = shape;
        }
        let in_calls = self.is_measured_in_calls(0);
        let Some(rows) = &mut self.rows else { return };
        for (row, state) in rows
            .shares
            .iter_mut()
            .enumerate()
            .skip(usize::from(in_calls))
        {
            if at_fault[row] {
                state.share.cut((sent, now), (resumes, told), declared[row]);
            } else {
                state.share.spare(resumes);
            }
        }
    }

    /// Counts what the answered calls take from each limit from `sent` on, when a full bucket is used again.
    pub(super) fn begin_shares(&mut self, sent: Instant) {
        let in_calls = self.is_measured_in_calls(0);
        let shares = self.rows.iter_mut().flat_map(|rows| &mut rows.shares);
        for told in shares.skip(usize::from(in_calls)) {
            told.share.begin(sent);
        }
    }

    /// Records an accepted call that was sent at `sent`, in the limits from which it has taken its costs.
    pub(super) fn passed_in_rows(&mut self, costs: &Costs, sent: Instant, now: Instant) {
        let in_calls = self.is_measured_in_calls(0);
        let shares = self.rows.iter_mut().flat_map(|rows| &mut rows.shares);
        for (row, told) in shares.enumerate().skip(usize::from(in_calls)) {
            told.share.passed(u64::from(costs.of(row)), sent, now);
        }
    }

    /// Returns whether calls have to be counted for the share of a limit, or its rate is cut.
    pub(super) fn measures_rows(&self) -> bool {
        let mut shares = self.rows.iter().flat_map(|rows| &rows.shares);
        shares.any(|told| !told.share.is_settled())
    }

    /// Returns the changes of the rates that the server accepts, since the last call.
    pub(super) fn share_news(&mut self) -> Vec<ShareNews> {
        let mut news = Vec::new();
        let declared = self.declared_shape;
        let share = self.learnt.share();
        let told = &mut self.announced;
        if let Some(is_cut) = change(share, &mut told.share, &mut told.cut) {
            let unit = self.rows.as_ref().map(|rows| rows.unit(0));
            news.push(ShareNews::of(unit, declared, share, is_cut));
        }
        let Some(rows) = &mut self.rows else {
            return news;
        };
        let rows = &mut **rows;
        for (row, told) in rows.shares.iter_mut().enumerate() {
            let share = told.share.value();
            let Some(is_cut) = change(share, &mut told.told, &mut told.is_cut) else {
                continue;
            };
            let others = row.checked_sub(1).and_then(|at| rows.others.get(at));
            let declared = others.map_or(declared, RowBucket::declared_shape);
            let unit = rows.declared.get(row).map(Row::unit);
            news.push(ShareNews::of(unit, declared, share, is_cut));
        }
        news
    }
}

/// Returns the change of a share that is to be announced: whether it is cut, or whole again.
fn change(share: f64, told: &mut f64, was_cut: &mut bool) -> Option<bool> {
    let falls = share < *told;
    *told = share;
    if falls {
        *was_cut = true;
        return Some(true);
    }
    (share >= 1.0 && core::mem::take(was_cut)).then_some(false)
}

impl ShareNews {
    fn of(unit: Option<&'static str>, declared: Shape, share: f64, is_cut: bool) -> Self {
        Self {
            unit,
            rate: Rate::of_interval(at_share(declared, share).interval),
            declared: Rate::of_interval(declared.interval),
            is_cut,
        }
    }
}
