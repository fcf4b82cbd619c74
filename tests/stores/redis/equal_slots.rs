//! The script shares slots as `step` does, among processes that hold what they have.

use paced::store::Action;
use paced::store::Request;
use paced::store::State;
use paced::store::step;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::server;
use crate::stepping::SECOND;
use crate::stepping::START;
use crate::stepping::limits;

/// A claim of one of `processes`, which has given back some of what it held.
fn claim(dice: &mut StdRng, state: &State, processes: u64, most: u32) -> Action {
    let process = dice.random_range(0..processes);
    let mut leases = state.leases.iter();
    let lease = leases.find(|lease| lease.process == process);
    let held = lease.map_or(0, |lease| lease.held);
    let held = held.saturating_sub(dice.random_range(0..3));
    let waiting = match dice.random_range(0..8) {
        0 => 0,
        1 => dice.random_range(0..2000),
        _ => dice.random_range(0..12),
    };
    let missing = u32::from(dice.random_range(0..9) == 0);
    Action::Slots {
        process,
        most: most + u32::from(dice.random_range(0..20) == 0),
        want: waiting + missing,
        held,
        waiting,
    }
}

#[tokio::test]
async fn the_script_shares_slots_as_step_does() {
    let Some((url, _server)) = server::any() else {
        return;
    };
    let store = server::patient(&url);
    let run: u64 = rand::random();
    for seed in 0..60 {
        let dice = &mut StdRng::seed_from_u64(seed);
        let (mut state, mut now) = (State::default(), START);
        let key = format!("slots-{run:016x}-{seed}");
        let many = [3, 12, 70][dice.random_range(0..3)];
        let processes = dice.random_range(1..many);
        let unit = [1, 1, 50_000][dice.random_range(0..3)];
        let most = dice.random_range(0..20) * unit;
        for number in 0..100 {
            now = now + SECOND * dice.random_range(0..4) / 4;
            let mut request = Request::new(claim(dice, &state, processes, most), limits());
            for _ in 0..dice.random_range(0..3) {
                request = request.then(claim(dice, &state, processes, most));
            }
            let before = state.clone();
            let right = step(&mut state, now, &request);
            let answer = store.transact_at(&key, &request, now).await;
            let what = format!("request {number} of seed {seed}: {request:?} of {before:?}");
            assert_eq!(answer.expect("an answer"), right, "{what}");
        }
    }
}
