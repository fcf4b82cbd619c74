//! Effects of time on a state.

use core::time::Duration;

use crate::clock;
use crate::store::Action;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::Reply;
use crate::store::Ticks;
use crate::time::Instant;

use super::script::Bench;
use super::script::HOUR;
use super::script::SECOND;
use super::script::Scenario;
use super::script::draw;
use super::script::draw_free;
use super::script::hourly;
use super::script::learn_pace;
use super::script::pause_for;

/// States are kept for two seconds beyond their use: until all that need no longer be kept are gone.
const WAIT: Duration = Duration::from_millis(2300);

/// One wait for all: it is real time for a store with a clock of its own.
pub(super) async fn check(bench: &Bench) {
    let mut scripts = kept(bench).await;
    scripts.extend(ended(bench).await);
    let mut clock = Scenario::hourly(bench, "clock", "the store's clock counts ticks of 250 ns");
    let now = clock::now;
    let before = (now(), clock.ask(Action::Peek).await, now());
    tokio::time::sleep(WAIT).await;
    let after = (now(), clock.ask(Action::Peek).await, now());
    time(&clock, &before, &after);
    for script in &mut scripts {
        script.ask(Action::Peek).await;
        script.ask(draw(2)).await;
        script.ask(Action::Peek).await;
    }
}

/// States that hold for longer than the wait, each for another reason.
async fn kept(bench: &Bench) -> Vec<Scenario<'_>> {
    let promise = "a state is kept until it means nothing any more";
    let script = |name, limits| Scenario::new(bench, name, promise, limits);
    let two = Limits::new(&[Limit::new(Limit::MIN_INTERVAL, 10), Limit::new(HOUR, 2)])
        .unwrap_or_else(hourly);
    let fast = Limits::one(Limit::new(Ticks::new(400), 1));
    let (mut drawn, mut second) = (script("kept-drawn", hourly()), script("kept-second", two));
    let (mut paused, mut learnt) = (script("kept-paused", fast), script("kept-learnt", fast));
    drawn.ask(draw_free(10)).await;
    second.ask(draw_free(2)).await;
    paused.ask(pause_for(HOUR)).await;
    learnt.ask(learn(HOUR, HOUR)).await;
    learnt.ask(draw_free(1)).await;
    vec![drawn, second, paused, learnt]
}

/// States of which nothing, or nothing but the bucket, is left after the wait.
async fn ended(bench: &Bench) -> Vec<Scenario<'_>> {
    let promise = "what has ended holds no request back any more";
    let script = |name, limits| Scenario::new(bench, name, promise, limits);
    let fast = Limits::one(Limit::new(Ticks::new(400), 10));
    let (mut idle, mut paused) = (script("idle", fast), script("ended-pause", hourly()));
    let (mut learnt, mut all) = (script("ended-lesson", hourly()), script("ended-all", fast));
    idle.ask(draw_free(10)).await;
    paused.ask(pause_for(SECOND)).await;
    learnt.ask(learn(9 * HOUR, SECOND)).await;
    learnt.ask(draw_free(1)).await;
    all.ask(pause_for(Ticks::new(40))).await;
    all.ask(learn(Ticks::new(800), Ticks::new(40))).await;
    vec![idle, paused, learnt, all]
}

const fn learn(interval: Ticks, duration: Ticks) -> Action {
    learn_pace(interval, duration)
}

/// Checks that as much time passed by the store's clock as by this one's, give or take a tenth.
fn time(
    script: &Scenario<'_>,
    before: &(Instant, Reply, Instant),
    after: &(Instant, Reply, Instant),
) {
    let (shortest, longest) = (after.0 - before.2, after.2 - before.0);
    let passed = (after.1.now - before.1.now).span();
    let kept = passed >= shortest - shortest / 10 && passed <= longest + longest / 10;
    script.so(kept, &after.1);
}
