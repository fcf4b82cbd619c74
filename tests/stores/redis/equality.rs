//! The script answers what `step` does, bit for bit.

use std::sync::Arc;

use paced::store::Limits;
use paced::store::RedisStore;
use paced::store::Request;
use paced::store::State;
use paced::store::Ticks;
use paced::store::step;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;

use super::random::HOUR;
use super::random::SECOND;
use super::random::action;
use super::random::invented;
use super::random::limits;
use super::random::ticks;
use super::server;
use crate::stepping::START;

/// Requests in one history.
const LENGTH: usize = 60;

/// Histories that are under way at once, so that the server has something to do all the time.
const ABREAST: usize = 64;

/// Doubles are exact until 2041; the sums of the slowest limits that there can be, until 2034.
const LATEST: u64 = (1 << 53) - (1 << 50);

/// One history after the other from a seed of its own, by which a failure can be repeated.
struct History {
    dice: StdRng,
    limits: Limits,
    seen: Vec<State>,
    now: u64,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let now = match dice.random_range(0..8) {
            0 => dice.random_range(0..HOUR),
            1 => LATEST - dice.random_range(0..HOUR),
            2 => dice.random_range(0..LATEST),
            _ => START.get() + dice.random_range(0..HOUR),
        };
        Self {
            limits: limits(&mut dice),
            dice,
            seen: vec![State::default()],
            now,
        }
    }

    fn request(&mut self) -> Request {
        let dice = &mut self.dice;
        self.now = match dice.random_range(0..20) {
            // A clock that is set.
            0 => self.now.saturating_sub(ticks(dice)),
            1 => self.now.saturating_add(ticks(dice)),
            2 => self.now,
            3..12 => {
                self.now + dice.random_range(0..2 * self.limits.as_slice()[0].interval().get())
            }
            _ => self.now + dice.random_range(0..SECOND),
        }
        .min(LATEST);
        if dice.random_range(0..20) == 0 {
            // A program with other settings.
            self.limits = limits(dice);
        }
        let mut request = Request::new(action(dice, self.limits, self.now), self.limits);
        for _ in 0..dice.random_range(0..4_u32) {
            request = request.then(action(dice, self.limits, self.now));
        }
        request.floor = match dice.random_range(0..10) {
            0..4 => None,
            4..8 => Some(self.seen[dice.random_range(0..self.seen.len())].clone()),
            _ => Some(invented(dice, self.now)),
        };
        let not_after = match dice.random_range(0..12) {
            0 => Some(self.now),
            1 => Some(self.now.saturating_sub(1)),
            2 => Some(self.now.saturating_sub(ticks(dice))),
            3 => Some(dice.random()),
            4 => Some(
                self.now
                    .saturating_sub(600 * SECOND - 1 + dice.random_range(0..3)),
            ),
            _ => None,
        };
        let sent_at = match dice.random_range(0..8) {
            0 => Some(dice.random()),
            1..4 => not_after.map(|end| end.saturating_sub(ticks(dice))),
            _ => None,
        };
        request.not_after = not_after.map(Ticks::new);
        request.sent_at = sent_at.map(Ticks::new);
        request
    }
}

/// Plays one history against both.
async fn replay(store: Arc<RedisStore>, key: String, seed: u64) {
    let mut history = History::new(seed);
    let mut state = State::default();
    for number in 0..LENGTH {
        let request = history.request();
        let before = state.clone();
        let now = Ticks::new(history.now);
        let right = step(&mut state, now, &request);
        let answer = store.transact_at(&key, &request, now).await;
        assert_eq!(
            answer.expect("an answer"),
            right,
            "request {number} of seed {seed}: {request:?} of {before:?}"
        );
        history.seen.push(right.state);
    }
}

/// A hundred thousand requests; as many more as `PACED_HISTORIES` says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_answers_what_step_does() {
    let Some((url, _server)) = server::any() else {
        return;
    };
    let histories = std::env::var("PACED_HISTORIES")
        .map_or(1700, |count| count.parse().expect("a number of histories"));
    let store = Arc::new(server::patient(&url));
    let run: u64 = rand::random();
    let mut under_way = JoinSet::new();
    for seed in 0..histories {
        if under_way.len() >= ABREAST {
            let done = under_way.join_next().await.expect("some are under way");
            done.expect("equal answers");
        }
        let key = format!("equality-{run:016x}-{seed}");
        under_way.spawn(replay(Arc::clone(&store), key, seed));
    }
    while let Some(done) = under_way.join_next().await {
        done.expect("equal answers");
    }
}
