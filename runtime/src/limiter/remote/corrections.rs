//! Corrections of what calls have drawn, until they are sent.

use crate::costs::MAX_ROWS;
use crate::store::Action;
use crate::store::Ticks;
use crate::time::Instant;
use crate::time::Span;

/// Longest time for which corrections wait for another request that they can be part of.
const DELAY: Span = Span::from_millis(50);

/// Maximum number of refunds of different instants.
const MOST: usize = 16;

/// Quanta of each limit.
pub(super) type QuantaByRow = [u64; MAX_ROWS];

/// Corrections that wait to be sent.
///
/// Corrections of one limit are summed only where that is sound. Charges hold whenever their calls were drawn. Refunds
/// depend on whether the bucket was full since: so refunds of different instants stay apart, or count as
/// those of the earliest.
#[derive(Debug, Default)]
pub(super) struct Corrections {
    refunds: Vec<(Ticks, QuantaByRow)>,
    charges: QuantaByRow,
    /// Instant of the first.
    since: Option<Instant>,
}

impl Corrections {
    pub(super) const fn new() -> Self {
        Self {
            refunds: Vec::new(),
            charges: [0; MAX_ROWS],
            since: None,
        }
    }

    /// Adds what a call used beyond what it drew, negative where it was less. `at`: the instant at which it was due; `None`
    /// if that is not known, and nothing is given back.
    pub(super) fn add(&mut self, at: Option<Ticks>, deltas: &[i64; MAX_ROWS], now: Instant) {
        let mut refund = [0; MAX_ROWS];
        for (row, delta) in deltas.iter().enumerate() {
            if *delta > 0 {
                self.charges[row] = self.charges[row].saturating_add(delta.unsigned_abs());
            } else {
                refund[row] = delta.unsigned_abs();
            }
        }
        if let Some(at) = at.filter(|_| refund != [0; MAX_ROWS]) {
            self.refund(at, &refund);
        }
        if !self.is_empty() {
            self.since.get_or_insert(now);
        }
    }

    /// Returns the quanta that are charged to the limit at `row`.
    pub(super) const fn charged(&self, row: usize) -> u64 {
        self.charges[row]
    }

    /// Adds charges again that were lost on the way.
    pub(super) fn charge_again(&mut self, charges: &QuantaByRow, now: Instant) {
        for (own, again) in self.charges.iter_mut().zip(charges) {
            *own = own.saturating_add(*again);
        }
        if !self.is_empty() {
            self.since.get_or_insert(now);
        }
    }

    fn refund(&mut self, at: Ticks, amounts: &QuantaByRow) {
        let place = self.refunds.partition_point(|(other, _)| *other < at);
        match self
            .refunds
            .get_mut(place)
            .filter(|(other, _)| *other == at)
        {
            Some((_, known)) => add(known, amounts),
            None => self.refunds.insert(place, (at, *amounts)),
        }
        if self.refunds.len() > MOST {
            let gaps = self.refunds.windows(2).map(|pair| pair[1].0 - pair[0].0);
            let closest = gaps.enumerate().min_by_key(|(_, gap)| *gap);
            let (_, later) = self.refunds.remove(closest.map_or(0, |(at, _)| at) + 1);
            let place = closest.map_or(0, |(at, _)| at);
            add(&mut self.refunds[place].1, &later);
        }
    }

    fn is_empty(&self) -> bool {
        self.refunds.is_empty() && self.charges == [0; MAX_ROWS]
    }

    /// Returns when to send them at the latest.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.since.map(|since| since.after(DELAY))
    }

    /// Returns the actions that make them, and the charges among them.
    pub(super) fn take(&mut self) -> (Vec<Action>, QuantaByRow) {
        self.since = None;
        let charges = core::mem::take(&mut self.charges);
        let settle = |drawn_at, amounts: &QuantaByRow, sign: i64| Action::Settle {
            deltas: amounts.map(|amount| sign * i64::try_from(amount).unwrap_or(i64::MAX)),
            drawn_at,
        };
        let refunds = core::mem::take(&mut self.refunds);
        let refunds = refunds.iter().map(|(at, amounts)| settle(*at, amounts, -1));
        let mut actions: Vec<_> = refunds.collect();
        if charges != [0; MAX_ROWS] {
            actions.push(settle(Ticks::ZERO, &charges, 1));
        }
        (actions, charges)
    }
}

fn add(to: &mut QuantaByRow, more: &QuantaByRow) {
    for (own, more) in to.iter_mut().zip(more) {
        *own = own.saturating_add(*more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deltas(first: i64, second: i64) -> [i64; MAX_ROWS] {
        let mut deltas = [0; MAX_ROWS];
        (deltas[0], deltas[1]) = (first, second);
        deltas
    }

    fn settle(ticks: u64, first: i64, second: i64) -> Action {
        Action::Settle {
            deltas: deltas(first, second),
            drawn_at: Ticks::new(ticks),
        }
    }

    #[test]
    fn refunds_of_one_instant_are_summed_and_charges_are_apart() {
        let mut all = Corrections::new();
        let at = |ticks| Some(Ticks::new(ticks));
        all.add(at(20), &deltas(0, -100), Instant::EPOCH);
        all.add(at(10), &deltas(-1, -50), Instant::EPOCH);
        all.add(at(20), &deltas(2, -30), Instant::EPOCH);
        all.add(None, &deltas(-5, 7), Instant::EPOCH);
        assert_eq!(all.due_at(), Some(Instant::EPOCH.after(DELAY)));
        let (actions, charges) = all.take();
        let expected = [settle(10, -1, -50), settle(20, 0, -130), settle(0, 2, 7)];
        assert_eq!(actions, expected);
        assert_eq!((charges[0], charges[1]), (2, 7));
        assert_eq!((all.take().0, all.due_at()), (Vec::new(), None));
    }

    #[test]
    fn refunds_beyond_the_bound_count_as_those_of_the_closest_instant_before() {
        let mut all = Corrections::new();
        for nth in 0..20 {
            all.add(
                Some(Ticks::new(100 + nth * nth)),
                &deltas(0, -1),
                Instant::EPOCH,
            );
        }
        let (actions, _) = all.take();
        assert_eq!(actions.len(), MOST);
        let total: i64 = actions
            .iter()
            .map(|action| match action {
                Action::Settle { deltas, .. } => deltas[1],
                _ => 0,
            })
            .sum();
        assert_eq!(total, -20);
        assert_eq!(actions.last(), Some(&settle(100 + 19 * 19, 0, -1)));
    }

    #[test]
    fn nothing_is_sent_where_nothing_changes() {
        let mut all = Corrections::new();
        all.add(None, &deltas(-3, 0), Instant::EPOCH);
        all.add(Some(Ticks::new(5)), &deltas(0, 0), Instant::EPOCH);
        assert_eq!(all.due_at(), None);
    }
}
