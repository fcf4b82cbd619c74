//! Forecasts in arbitrary worlds, on paused time: a caller that is refused as too late would have been
//! served too late, and one that is let in is served in time, within one interval of the rate.

mod calls;
mod checks;
mod record;
mod run;
mod server;
mod store;
mod world;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::calls::Bound;
use crate::checks::asked_in_measure;
use crate::checks::refused_rightly;
use crate::checks::served_or_told;
use crate::run::run;
use crate::server::Server;
use crate::world::Caller;
use crate::world::Kind;
use crate::world::Role;
use crate::world::World;
use crate::world::worlds;

/// Answers take no time, so that the limiter learns nothing from round trips.
const AT_ONCE: Kind = Kind {
    takes: 0,
    shared: false,
    tells: true,
};

const LATER: Kind = Kind {
    takes: 20,
    ..AT_ONCE
};

/// The limit is shared through a store, and the server tells nothing but refusals.
const SHARED: Kind = Kind {
    shared: true,
    tells: false,
    ..AT_ONCE
};

const SHARED_AND_TOLD: Kind = Kind {
    shared: true,
    ..AT_ONCE
};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        // Failures are printed as plain data; seeds do not survive a change of the strategies.
        failure_persistence: None,
        // The same worlds each time: a run that fails is a change of the code.
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_126),
        max_shrink_iters: 3000,
        ..ProptestConfig::default()
    }
}

fn holds(seen: Result<(), String>) -> Result<(), TestCaseError> {
    seen.map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn callers_that_are_let_in_are_served_in_time(world in worlds(AT_ONCE)) {
        holds(served_or_told(&world))?;
    }

    #[test]
    fn callers_that_are_let_in_are_served_in_time_where_answers_take_time(world in worlds(LATER)) {
        holds(served_or_told(&world))?;
    }
}

proptest! {
    // Each case takes up to five runs.
    #![proptest_config(config(150))]

    #[test]
    fn callers_that_are_refused_would_have_been_served_too_late(world in worlds(AT_ONCE)) {
        holds(refused_rightly(&world))?;
    }

    #[test]
    fn callers_that_are_refused_would_have_been_served_too_late_where_answers_take_time(world in worlds(LATER)) {
        holds(refused_rightly(&world))?;
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn callers_of_a_shared_limit_that_are_let_in_are_served_in_time(world in worlds(SHARED)) {
        holds(served_or_told(&world))?;
    }

    #[test]
    fn callers_of_a_shared_limit_that_are_refused_would_have_been_served_too_late(world in worlds(SHARED)) {
        holds(refused_rightly(&world))?;
    }

    #[test]
    fn a_store_is_not_asked_over_and_over(world in worlds(SHARED_AND_TOLD)) {
        holds(asked_in_measure(&run(&world, None)))?;
    }
}

/// The token comes when the deadline ends.
#[test]
fn a_store_is_asked_once_for_a_token_at_the_edge_of_a_deadline() {
    let caller = |bound| Caller {
        after: 0,
        bound,
        takes: 0,
        role: Role::Plain,
    };
    let world = World {
        per_second: 25,
        burst: 1,
        shared: true,
        server: Server::Silent,
        history: Vec::new(),
        crowd: [Bound::NONE, Bound::of_deadline(40), Bound::NONE]
            .map(caller)
            .to_vec(),
    };
    let record = run(&world, None);
    assert!(record.asked < 10, "{} times at one instant", record.asked);
}

/// The store keeps a pace that this process has forgotten, or rounds differently.
#[test]
fn a_store_is_not_asked_over_and_over_where_it_knows_better() {
    let caller = |role, bound| Caller {
        after: 0,
        bound,
        takes: 0,
        role,
    };
    let visit = |after| world::Visit { after, takes: 0 };
    let window = |limit, length, used, elapsed| Server::Window {
        limit,
        length,
        used,
        elapsed,
    };
    let mut waiting = vec![caller(Role::Plain, Bound::NONE); 4];
    waiting.push(caller(Role::Informs, Bound::NONE));
    waiting.push(caller(Role::Plain, Bound::BOTH));
    // A pause that the store counted with another pace.
    let shut = World {
        per_second: 28,
        burst: 1,
        shared: true,
        server: window(3, 2000, 0, 1886),
        history: vec![visit(0), visit(43)],
        crowd: waiting,
    };
    let mut at_the_end = vec![caller(Role::Plain, Bound::of_deadline(5))];
    at_the_end.push(caller(Role::Plain, Bound::of_max_wait(1000)));
    at_the_end[0].after = 1;
    // A bound that ends in the same instant as the pace.
    let paced = World {
        per_second: 27,
        burst: 2,
        shared: true,
        server: window(20, 1000, 18, 900),
        history: vec![visit(0)],
        crowd: at_the_end,
    };
    for world in [shut, paced] {
        holds(asked_in_measure(&run(&world, None))).unwrap();
    }
}

/// A replay is only meaningful if everything else stays the same.
#[test]
fn a_world_runs_the_same_way_each_time() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for kind in [AT_ONCE, LATER, SHARED] {
        for _ in 0..20 {
            let world = worlds(kind).new_tree(&mut runner).unwrap().current();
            let [one, other] = [(); 2].map(|()| format!("{:?}", run(&world, None).crowd));
            assert_eq!(one, other);
        }
    }
}
