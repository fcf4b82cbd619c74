//! Many requests at once.

use crate::store::Action;
use crate::store::Actions;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::Reply;
use crate::store::Request;
use crate::store::Ticks;
use crate::store::Wait;

use super::script::Bench;
use super::script::HOUR;
use super::script::pause_for;

const TASKS: u32 = 32;
const REQUESTS: u32 = 12;

pub(super) async fn check(bench: &Bench) {
    draws(bench).await;
    pauses(bench).await;
    lists(bench).await;
}

/// No token is granted twice, and none is lost: they lie one interval apart.
async fn draws(bench: &Bench) {
    const PROMISE: &str = "however many draw at once, no token is given away twice or lost";
    let key = bench.key("crowd");
    let limits = Limits::one(Limit::new(HOUR, 1_000_000));
    let answers = all(bench, &key, limits, |task, nth| Action::Draw {
        tokens: 1 + (task + nth) % 4,
        horizon: Ticks::ZERO,
        longest: Ticks::ZERO,
        drain: false,
    })
    .await;
    let mut instants = Vec::new();
    for (task, nth, reply) in &answers {
        let asked = 1 + (task + nth) % 4;
        assert!(
            reply.granted() == asked,
            "broken promise: {PROMISE}\nasked for {asked}, answered: {reply:?}"
        );
        instants.extend(instants_of(reply));
    }
    instants.sort_unstable();
    for pair in instants.windows(2) {
        assert!(
            pair[1] - pair[0] == i128::from(HOUR.get()),
            "broken promise: {PROMISE}\ntwo lie {} ticks apart instead of {HOUR:?}",
            pair[1] - pair[0]
        );
    }
    let peek = bench.ask(&key, &Request::new(Action::Peek, limits)).await;
    let next = instant_of(&peek, peek.last().wait);
    let last = instants.last().copied().unwrap_or_default();
    assert!(
        next == last + i128::from(HOUR.get()),
        "broken promise: {PROMISE}\nthe last one is at {last}, the next one at {next}"
    );
}

/// The longest of many pauses holds, and each that changed something was counted.
async fn pauses(bench: &Bench) {
    const PROMISE: &str = "however many pause at once, the longest pause holds";
    let key = bench.key("crowd-pauses");
    let limits = Limits::one(Limit::new(HOUR, 10));
    let duration = |task: u32, nth: u32| HOUR + u64::from(task * REQUESTS + nth) * HOUR / 100;
    let answers = all(bench, &key, limits, move |task, nth| {
        pause_for(duration(task, nth))
    })
    .await;
    let state = bench
        .ask(&key, &Request::new(Action::Peek, limits))
        .await
        .state;
    let mut ends: Vec<_> = answers
        .iter()
        .map(|(.., answer)| answer.state.paused_until)
        .collect();
    for (task, nth, answer) in &answers {
        let end = answer.now + duration(*task, *nth);
        assert!(
            answer.state.paused_until >= end && state.paused_until >= answer.state.paused_until,
            "broken promise: {PROMISE}\nuntil {end:?} was asked for, answered: {answer:?}, then {state:?}"
        );
    }
    ends.sort_unstable();
    ends.dedup();
    assert!(
        state.generation == ends.len() as u64,
        "broken promise: {PROMISE}\n{} of them changed its end, but {state:?}",
        ends.len()
    );
}

/// No other request comes between two actions of a list: the tokens of its second draw follow those of the first.
async fn lists(bench: &Bench) {
    const PROMISE: &str =
        "the actions of a request are one operation: no other one comes in between";
    let key = bench.key("crowd-lists");
    let limits = Limits::one(Limit::new(HOUR, 1_000_000));
    let draw = |tokens| Action::Draw {
        tokens,
        horizon: Ticks::ZERO,
        longest: Ticks::ZERO,
        drain: false,
    };
    let answers = all(bench, &key, limits, move |_, _| {
        Actions::one(draw(2)).and(draw(3))
    })
    .await;
    for (.., reply) in &answers {
        let mut instants = instants_of(reply);
        let first = instants.next().unwrap_or_default();
        let follow = instants
            .zip(1..)
            .all(|(instant, nth)| instant == first + nth * i128::from(HOUR.get()));
        assert!(
            reply.granted() == 5 && follow,
            "broken promise: {PROMISE}\nanswered: {reply:?}"
        );
    }
}

fn instant_of(reply: &Reply, wait: Wait) -> i128 {
    i128::from(reply.now.get()) + i128::from(wait.get())
}

/// Returns the instants of all tokens of a reply, in ticks.
fn instants_of(reply: &Reply) -> impl Iterator<Item = i128> {
    reply.answers.iter().flat_map(|answer| {
        let tokens = (0..answer.granted).map(u64::from);
        tokens.map(|nth| instant_of(reply, answer.wait.later(nth * answer.every)))
    })
}

/// The replies to all requests of all tasks, each with its task and its number there.
async fn all<A: Into<Actions>>(
    bench: &Bench,
    key: &str,
    limits: Limits,
    actions: impl Fn(u32, u32) -> A + Copy + Send + 'static,
) -> Vec<(u32, u32, Reply)> {
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (bench, key) = (bench.clone(), key.to_owned());
            tokio::spawn(async move {
                let mut answers = Vec::new();
                for nth in 0..REQUESTS {
                    let request = Request::new(actions(task, nth), limits);
                    answers.push((task, nth, bench.ask(&key, &request).await));
                }
                answers
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        match task.await {
            Ok(more) => answers.extend(more),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => panic!("a request of a crowd did not end: {error}"),
            },
        }
    }
    answers
}
