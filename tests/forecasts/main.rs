//! Forecasts in arbitrary worlds, on paused time: whoever is refused as too late would have been
//! served too late, and whoever is let in is served in time, within one interval of the rate.

mod calls;
mod checks;
mod run;
mod server;
mod store;
mod world;

use proptest::prelude::*;

use crate::checks::refused_rightly;
use crate::checks::served_or_told;
use crate::world::Kind;
use crate::world::worlds;

/// Answers take no time: nothing is learnt from how long they take.
const AT_ONCE: Kind = Kind {
    takes: 0,
    shared: false,
};

const LATER: Kind = Kind {
    takes: 20,
    shared: false,
};

const SHARED: Kind = Kind {
    takes: 0,
    shared: true,
};

fn holds(seen: Result<(), String>) -> Result<(), TestCaseError> {
    seen.map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, max_shrink_iters: 5000, ..ProptestConfig::default() })]

    #[test]
    fn callers_that_are_let_in_are_served_in_time(world in worlds(AT_ONCE)) {
        holds(served_or_told(&world))?;
    }

    #[test]
    fn callers_that_are_refused_would_have_been_served_too_late(world in worlds(AT_ONCE)) {
        holds(refused_rightly(&world))?;
    }

    #[test]
    fn callers_that_are_let_in_are_served_in_time_where_answers_take_time(world in worlds(LATER)) {
        holds(served_or_told(&world))?;
    }

    #[test]
    fn callers_that_are_refused_would_have_been_served_too_late_where_answers_take_time(world in worlds(LATER)) {
        holds(refused_rightly(&world))?;
    }

    #[test]
    fn callers_of_a_shared_limit_that_are_let_in_are_served_in_time(world in worlds(SHARED)) {
        holds(served_or_told(&world))?;
    }

    #[test]
    fn callers_of_a_shared_limit_that_are_refused_would_have_been_served_too_late(world in worlds(SHARED)) {
        holds(refused_rightly(&world))?;
    }
}
