//! Faults in what processes share beside buckets.

use paced::store::Action;
use paced::store::Calls;
use paced::store::Headroom;
use paced::store::SharedQuota;
use paced::store::State;
use paced::store::Ticks;

use super::fault::Fault;

/// Changes an action as a store with this fault misunderstands it.
pub(super) fn change_action(fault: Fault, action: &mut Action) {
    let ignored = match action {
        Action::DrawCalls { calls, .. } if fault == Fault::ServesOneCallAtMost => {
            let first = calls.runs().first().map_or([0; 8], |run| run.costs);
            *calls = Calls::new().and(1, &first);
            false
        }
        Action::Settle {
            deltas, drawn_at, ..
        } => {
            match fault {
                Fault::GivesEverythingBack => *drawn_at = Ticks::MAX,
                Fault::NeverGivesBack => *deltas = deltas.map(|delta| delta.max(0)),
                _ => {}
            }
            fault == Fault::IgnoresSettlements
        }
        Action::Slots { process, .. } => {
            if fault == Fault::TakesProcessesForFloats {
                *process = *process >> 11 << 11;
            }
            false
        }
        Action::Override { .. } => fault == Fault::IgnoresOverrides,
        Action::Withdraw { units, .. } => {
            if fault == Fault::NeverTakesFromBudgets {
                *units = 0;
            }
            false
        }
        Action::Deposit { .. } => fault == Fault::IgnoresDeposits,
        _ => false,
    };
    if ignored {
        *action = Action::Peek;
    }
}

/// Changes a state as a store with this fault keeps it.
pub(super) fn change_state(fault: Fault, state: &mut State) {
    for row in &mut state.rows {
        match fault {
            Fault::KeepsNoQuota => row.quota = SharedQuota::default(),
            Fault::ForgetsHeadroom => row.headroom = [Headroom::default(); 4],
            _ => {}
        }
    }
    if fault == Fault::KeepsNoLeases {
        state.leases.clear();
    }
}
