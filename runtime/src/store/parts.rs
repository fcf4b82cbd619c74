//! Fair parts of the slots of a limited concurrency, while callers of several processes wait.
//!
//! The parts of all processes are together the slots, so that all are used and none is promised twice. They follow from the
//! leases alone, and so do the store and the processes agree on them.

use super::Lease;
use super::lease::MAX_SLOTS;

/// Returns how many slots the process of `leases[at]` may hold. `None`: as many as are free, because no other process waits
/// or there is a slot for each caller.
///
/// With a slot for each process, the slots beyond the first of each are divided by its further callers. What the division
/// leaves goes to the processes that lost most by rounding down, one each, and of equal ones to the first leases. With more processes than
/// slots they take turns, see [`turn`].
pub(crate) fn part(leases: &[Lease], at: usize, most: u32) -> Option<u32> {
    let mut others = leases.iter().enumerate().filter(|&(it, _)| it != at);
    let all: u64 = leases.iter().map(callers).sum();
    let (most, processes) = (u64::from(most.min(MAX_SLOTS)), leases.len() as u64);
    if others.all(|(_, lease)| lease.waiting == 0) || all <= most {
        return None;
    }
    if processes > most {
        return Some(turn(leases, at, most));
    }
    let (spare, further) = (most - processes, all - processes);
    let exact = |lease: &Lease| spare * (callers(lease) - 1);
    let whole: u64 = leases.iter().map(|lease| exact(lease) / further).sum();
    let left = |at: usize| exact(&leases[at]) % further;
    let is_before = |&other: &usize| (left(other), at) > (left(at), other);
    let before = (0..leases.len()).filter(is_before).count() as u64;
    let has_more = left(at) > 0 && before < spare - whole;
    let part = 1 + exact(&leases[at]) / further + u64::from(has_more);
    Some(u32::try_from(part).unwrap_or(MAX_SLOTS))
}

/// Returns the part of a process, where there are more processes than slots: one slot, or none.
///
/// The leases are in the order of turns: those of processes with slots since the begin of their turn, and those of processes
/// without since its end. The turns of the first end for as many processes as are too many, and the slots that are free are
/// for the first ones without.
fn turn(leases: &[Lease], at: usize, most: u64) -> u32 {
    let has_slots = leases[at].held > 0;
    let ahead = leases[..at]
        .iter()
        .filter(|lease| (lease.held > 0) == has_slots);
    let ahead = ahead.count() as u64;
    let held: u64 = leases.iter().map(|lease| u64::from(lease.held)).sum();
    let has_turn = if has_slots {
        ahead >= leases.len() as u64 - most
    } else {
        ahead < most.saturating_sub(held)
    };
    u32::from(has_turn)
}

/// Returns the callers of a process that hold a slot or wait.
fn callers(lease: &Lease) -> u64 {
    let callers = u64::from(lease.held.min(MAX_SLOTS)) + u64::from(lease.waiting.min(MAX_SLOTS));
    callers.max(1)
}

#[cfg(test)]
mod tests {
    use super::super::Ticks;
    use super::*;

    fn leases(numbers: &[(u32, u32)]) -> Vec<Lease> {
        let lease = |(process, &(held, waiting))| Lease {
            process,
            held,
            waiting,
            until: Ticks::ZERO,
        };
        (0..).zip(numbers).map(lease).collect()
    }

    fn parts(most: u32, numbers: &[(u32, u32)]) -> Vec<Option<u32>> {
        let leases = leases(numbers);
        let part = |at| part(&leases, at, most);
        (0..leases.len()).map(part).collect()
    }

    #[test]
    fn parts_are_together_the_slots() {
        assert_eq!(parts(8, &[(2, 4); 3]), [3, 3, 2].map(Some));
        assert_eq!(parts(8, &[(1, 1); 5]), [2, 2, 2, 1, 1].map(Some));
        assert_eq!(parts(8, &[(8, 92), (0, 1), (0, 1)]), [6, 1, 1].map(Some));
        assert_eq!(parts(8, &[(4, 16), (4, 16), (0, 1)]), [4, 3, 1].map(Some));
        assert_eq!(parts(2, &[(2, 9), (0, 1)]), [1, 1].map(Some));
    }

    #[test]
    fn there_are_none_where_each_caller_has_a_slot_or_no_other_process_waits() {
        assert_eq!(parts(8, &[(3, 1), (2, 2)]), [None, None]);
        assert_eq!(parts(8, &[(5, 9), (3, 0)]), [None, Some(2)]);
        assert_eq!(parts(8, &[(9, 0)]), [None]);
    }

    #[test]
    fn processes_take_turns_where_slots_are_fewer() {
        assert_eq!(parts(1, &[(1, 3), (0, 3)]), [0, 0].map(Some));
        assert_eq!(parts(1, &[(0, 3), (0, 3)]), [1, 0].map(Some));
        let waits = [(1, 1), (0, 1), (1, 1), (0, 1), (0, 1)];
        assert_eq!(parts(3, &waits), [0, 1, 0, 0, 0].map(Some));
        assert_eq!(parts(4, &waits), [0, 1, 1, 1, 0].map(Some));
        // The others can have what one gives back.
        assert_eq!(parts(2, &[(2, 9), (0, 1), (0, 1)]), [0, 0, 0].map(Some));
    }

    #[test]
    fn hostile_leases_do_no_harm() {
        let huge = (u32::MAX, u32::MAX);
        assert_eq!(parts(u32::MAX, &[huge; 2]), [1 << 19; 2].map(Some));
        assert_eq!(parts(0, &[(1, 1), (0, 0)]), [None, Some(0)]);
        assert_eq!(parts(1, &[(0, 0), (0, 1)]), [Some(1), None]);
    }
}
