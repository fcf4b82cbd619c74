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

/// Time within which calls count as due at once.
const AT_ONCE: Ticks = Ticks::from_millis(1);

/// Quanta of each limit.
pub(super) type QuantaByRow = [u64; MAX_ROWS];

/// Draw of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    /// Instant at which the call was due.
    pub(super) at: Ticks,
    /// Quanta that it took of each limit. `None`: perhaps at another price than today's.
    pub(super) quanta: Option<[u32; MAX_ROWS]>,
}

/// Quanta that calls have drawn and not used.
#[derive(Clone, Copy, Debug)]
struct PendingRefund {
    /// Instant at which the first was due.
    at: Ticks,
    unused: QuantaByRow,
    /// The least that a call with a refund has used of each limit. `None`: not known.
    used: [Option<u64>; MAX_ROWS],
}

/// Corrections that wait to be sent.
///
/// Corrections of one limit are summed only where that is sound. Charges hold whenever their calls were drawn. Refunds
/// depend on whether the bucket was full since: so refunds of different instants stay apart, or count as
/// those of the earliest.
#[derive(Debug)]
pub(super) struct Corrections {
    refunds: Vec<PendingRefund>,
    charges: QuantaByRow,
    /// Instant of the first.
    since: Option<Instant>,
    /// Instant of the last charge.
    charged_at: Instant,
}

impl Corrections {
    pub(super) const fn new() -> Self {
        Self {
            refunds: Vec::new(),
            charges: [0; MAX_ROWS],
            since: None,
            charged_at: Instant::EPOCH,
        }
    }

    /// Adds what a call used beyond what it drew, negative where it was less. Where its draw is not known, nothing is given
    /// back.
    pub(super) fn add(&mut self, drawn: Option<Drawn>, deltas: &[i64; MAX_ROWS], now: Instant) {
        let mut refund = [0; MAX_ROWS];
        for (row, delta) in deltas.iter().enumerate() {
            if *delta > 0 {
                self.charges[row] = self.charges[row].saturating_add(delta.unsigned_abs());
                self.charged_at = now;
            } else {
                refund[row] = delta.unsigned_abs();
            }
        }
        if let Some(drawn) = drawn.filter(|_| refund != [0; MAX_ROWS]) {
            self.refund(PendingRefund::of(drawn, refund));
        }
        if !self.is_empty() {
            self.since.get_or_insert(now);
        }
    }

    /// Returns the quanta that are charged to the limit at `row`.
    pub(super) const fn charged(&self, row: usize) -> u64 {
        self.charges[row]
    }

    /// Returns the instant of the last charge, if there are charges.
    pub(super) fn charged_at(&self) -> Option<Instant> {
        let has_charges = self.charges != [0; MAX_ROWS];
        has_charges.then_some(self.charged_at)
    }

    /// Adds charges again that were lost on the way, as of the instant at which they were made.
    pub(super) fn charge_again(&mut self, charges: &QuantaByRow, now: Instant) {
        for (own, again) in self.charges.iter_mut().zip(charges) {
            *own = own.saturating_add(*again);
        }
        if !self.is_empty() {
            self.since.get_or_insert(now);
        }
    }

    fn refund(&mut self, refund: PendingRefund) {
        let place = self.refunds.partition_point(|it| it.at <= refund.at);
        let before = self.refunds[..place].last_mut();
        match before.filter(|it| refund.at < it.at + AT_ONCE) {
            Some(before) => before.add(&refund),
            None => self.refunds.insert(place, refund),
        }
        if self.refunds.len() > MOST {
            let gaps = self.refunds.windows(2).map(|pair| pair[1].at - pair[0].at);
            let closest = gaps.enumerate().min_by_key(|(_, gap)| *gap);
            let place = closest.map_or(0, |(place, _)| place);
            let later = self.refunds.remove(place + 1);
            self.refunds[place].add(&later);
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
        let refunds = core::mem::take(&mut self.refunds);
        let mut actions: Vec<_> = refunds.iter().map(PendingRefund::action).collect();
        if charges != [0; MAX_ROWS] {
            actions.push(Action::Settle {
                deltas: charges.map(signed),
                drawn: [0; MAX_ROWS],
                drawn_at: Ticks::ZERO,
            });
        }
        (actions, charges)
    }
}

impl PendingRefund {
    fn of(drawn: Drawn, unused: QuantaByRow) -> Self {
        let mut used = [None; MAX_ROWS];
        for (row, quanta) in drawn.quanta.iter().flatten().enumerate() {
            used[row] = u64::from(*quanta).checked_sub(unused[row]);
        }
        Self {
            at: drawn.at,
            unused,
            used,
        }
    }

    /// Adds that of other calls, none of which was due before.
    fn add(&mut self, other: &Self) {
        for (row, more) in other.unused.iter().enumerate() {
            let both = self.used[row].zip(other.used[row]);
            self.used[row] = match (self.unused[row], *more) {
                (_, 0) => self.used[row],
                (0, _) => other.used[row],
                _ => both.map(|(one, other)| one.min(other)),
            };
            self.unused[row] = self.unused[row].saturating_add(*more);
        }
    }

    fn action(&self) -> Action {
        let mut drawn = [0; MAX_ROWS];
        for (row, drawn) in drawn.iter_mut().enumerate() {
            let used = self.used[row].filter(|_| self.unused[row] > 0);
            let all = used.map_or(0, |used| self.unused[row].saturating_add(used));
            *drawn = u32::try_from(all).unwrap_or(u32::MAX);
        }
        Action::Settle {
            deltas: self.unused.map(|unused| -signed(unused)),
            drawn,
            drawn_at: self.at,
        }
    }
}

fn signed(quanta: u64) -> i64 {
    i64::try_from(quanta).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deltas(first: i64, second: i64) -> [i64; MAX_ROWS] {
        let mut deltas = [0; MAX_ROWS];
        (deltas[0], deltas[1]) = (first, second);
        deltas
    }

    fn refund(ticks: u64, unused: [i64; 2], drawn: [u32; 2]) -> Action {
        let mut all = [0; MAX_ROWS];
        all[..2].copy_from_slice(&drawn);
        Action::Settle {
            deltas: deltas(-unused[0], -unused[1]),
            drawn: all,
            drawn_at: Ticks::new(ticks),
        }
    }

    fn charge(first: i64, second: i64) -> Action {
        Action::Settle {
            deltas: deltas(first, second),
            drawn: [0; MAX_ROWS],
            drawn_at: Ticks::ZERO,
        }
    }

    /// A call that took so many quanta of the second limit, and one of the first.
    fn drawn(at: Ticks, second: u32) -> Drawn {
        let mut quanta = [1; MAX_ROWS];
        quanta[1] = second;
        let quanta = Some(quanta);
        Drawn { at, quanta }
    }

    #[test]
    fn refunds_of_one_instant_are_summed_and_charges_are_apart() {
        let mut all = Corrections::new();
        let at = |millis| Ticks::from_millis(millis);
        all.add(Some(drawn(at(20), 130)), &deltas(0, -100), Instant::EPOCH);
        all.add(Some(drawn(at(10), 60)), &deltas(-1, -50), Instant::EPOCH);
        // The least that one of them has used counts.
        let later = at(20) + Ticks::new(9);
        all.add(Some(drawn(later, 50)), &deltas(2, -30), Instant::EPOCH);
        all.add(None, &deltas(-5, 7), Instant::EPOCH);
        assert_eq!(all.due_at(), Some(Instant::EPOCH.after(DELAY)));
        let (actions, charges) = all.take();
        let expected = [
            refund(at(10).get(), [1, 50], [1, 60]),
            refund(at(20).get(), [0, 130], [0, 150]),
            charge(2, 7),
        ];
        assert_eq!(actions, expected);
        assert_eq!((charges[0], charges[1]), (2, 7));
        assert_eq!((all.take().0, all.due_at()), (Vec::new(), None));
    }

    #[test]
    fn of_a_call_whose_price_is_not_known_nothing_is_said_of_what_it_drew() {
        let mut all = Corrections::new();
        all.add(
            Some(drawn(Ticks::SECOND, 60)),
            &deltas(0, -50),
            Instant::EPOCH,
        );
        let unknown = Drawn {
            at: Ticks::SECOND,
            quanta: None,
        };
        all.add(Some(unknown), &deltas(0, -20), Instant::EPOCH);
        let expected = refund(Ticks::SECOND.get(), [0, 70], [0, 0]);
        assert_eq!(all.take().0, [expected]);
    }

    #[test]
    fn refunds_beyond_the_bound_count_as_those_of_the_closest_instant_before() {
        let mut all = Corrections::new();
        let at = |nth: u64| Ticks::from_millis(100 + nth * nth);
        for nth in 0..20 {
            all.add(Some(drawn(at(nth), 5)), &deltas(0, -1), Instant::EPOCH);
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
        assert_eq!(actions.last(), Some(&refund(at(19).get(), [0, 1], [0, 5])));
    }

    #[test]
    fn nothing_is_sent_where_nothing_changes() {
        let mut all = Corrections::new();
        all.add(None, &deltas(-3, 0), Instant::EPOCH);
        all.add(Some(drawn(Ticks::new(5), 1)), &deltas(0, 0), Instant::EPOCH);
        assert_eq!(all.due_at(), None);
    }
}
