//! Random events of a store.

use proptest::prelude::*;

pub(super) const ROWS: usize = 2;

#[derive(Clone, Debug)]
pub(super) enum Event {
    Draw {
        costs: [u32; ROWS],
        used: [u32; ROWS],
        count: u32,
    },
    /// Some calls end, and are corrected together or one by one. `early`: they count as drawn so much earlier.
    Settle {
        which: Vec<usize>,
        together: bool,
        early: u64,
    },
    Pass {
        ticks: u64,
    },
    Learn {
        row: u8,
    },
    /// An operator sets other limits, or none.
    Override {
        intervals: [u64; ROWS],
        ticks: u64,
    },
    /// The process declares other limits.
    Declare {
        intervals: [u64; ROWS],
    },
    /// Calls that were served before are void.
    Pause,
    /// A void call is given back.
    GiveBack {
        which: usize,
    },
}

pub(super) fn events() -> impl Strategy<Value = Vec<Event>> {
    let costs = || [0..10_u32, 0..30_u32];
    let which = prop::collection::vec(any::<usize>(), 1..5);
    let intervals = || {
        [
            prop::sample::select(vec![40, 90]),
            prop::sample::select(vec![40, 100, 140]),
        ]
    };
    let event = prop_oneof![
        6 => (costs(), costs(), 1..4_u32)
            .prop_map(|(costs, used, count)| Event::Draw { costs, used, count }),
        6 => (which, any::<bool>(), prop_oneof![Just(0), 0..50_u64])
            .prop_map(|(which, together, early)| Event::Settle { which, together, early }),
        4 => prop_oneof![0..40_u64, 0..2_000_u64].prop_map(|ticks| Event::Pass { ticks }),
        1 => (0..2_u8).prop_map(|row| Event::Learn { row }),
        1 => (intervals(), prop_oneof![Just(0), 0..2_000_u64])
            .prop_map(|(intervals, ticks)| Event::Override { intervals, ticks }),
        1 => intervals().prop_map(|intervals| Event::Declare { intervals }),
        1 => Just(Event::Pause),
        1 => any::<usize>().prop_map(|which| Event::GiveBack { which }),
    ];
    prop::collection::vec(event, 1..120)
}
