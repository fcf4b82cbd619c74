//! Each promise for itself, by requests one after the other.

use core::time::Duration;

use crate::store::Action;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::Request;
use crate::store::State;
use crate::store::Ticks;
use crate::store::Wait;

use super::script::Bench;
use super::script::HOUR;
use super::script::SECOND;
use super::script::Scenario;
use super::script::draw;
use super::script::draw_free;
use super::script::learn_pace;
use super::script::pause_for;

const KEYS: &str = "keys are told apart to the letter and do not touch one another";

pub(super) async fn check(bench: &Bench) {
    another_key(bench).await;
    tokens(bench).await;
    several_limits(bench).await;
    Box::pin(keys(bench)).await;
    pauses(bench).await;
    lessons(bench).await;
    resumptions(bench).await;
    late_requests(bench).await;
    floors(bench).await;
    clocks_set_forward(bench).await;
    dropped_requests(bench).await;
    lists(bench).await;
}

/// First of all: everything else uses many keys.
async fn another_key(bench: &Bench) {
    let one = Scenario::hourly(bench, "one", KEYS);
    let other = Scenario::hourly(bench, "other", KEYS);
    bench
        .ask(&one.key, &Request::new(draw_free(9), one.limits))
        .await;
    let peek = Request::new(Action::Peek, other.limits);
    let answer = bench.ask(&other.key, &peek).await;
    other.so(answer.state == State::default(), &answer);
}

async fn tokens(bench: &Bench) {
    let promise = "tokens are drawn once, as many as were asked for, each with its instant";
    let mut script = Scenario::hourly(bench, "tokens", promise);
    for tokens in [3, 1, 4] {
        let answer = script.ask(draw_free(tokens)).await;
        script.so(answer.granted() == tokens, &answer);
    }
    let answer = script.ask(draw_free(3)).await;
    script.so(answer.granted() == 2, &answer);
    let answer = script.ask(draw_free(1)).await;
    script.so(answer.granted() == 0, &answer);
    for _ in 0..3 {
        script.ask(draw(5)).await;
    }
    let ahead = |tokens, drain| Action::Draw {
        tokens,
        horizon: 9 * HOUR,
        longest: 9 * HOUR,
        drain,
    };
    script.ask(ahead(7, false)).await;
    script.ask(Action::Peek).await;
    let mut script = Scenario::hourly(bench, "tokens-drained", promise);
    script.ask(draw_free(3)).await;
    script.ask(ahead(0, true)).await;
    let answer = script.ask(ahead(7, false)).await;
    script.so(
        answer.granted() == 7 && answer.last().wait > Wait::NONE,
        &answer,
    );
}

async fn several_limits(bench: &Bench) {
    let promise = "several limits are kept all at once, and take all or nothing";
    let limits = [(SECOND, 100), (HOUR, 20), (9 * HOUR, 6), (HOUR, 30)];
    let limits = limits.map(|(interval, burst)| Limit::new(interval, burst));
    for count in 2..=limits.len() {
        let all = Limits::new(&limits[..count]).expect("up to four limits");
        let mut script = Scenario::new(bench, &format!("limits-{count}"), promise, all);
        let fewest = if count == 2 { 20 } else { 6 };
        let answer = script.ask(draw_free(4)).await;
        script.so(answer.granted() == 4, &answer);
        let answer = script.ask(draw_free(50)).await;
        script.so(answer.granted() == fewest - 4, &answer);
        let answer = script.ask(draw_free(1)).await;
        script.so(answer.granted() == 0, &answer);
        script.ask(draw(3)).await;
        script.ask(pause_for(HOUR)).await;
        script.ask(draw(3)).await;
    }
}

async fn keys(bench: &Bench) {
    let (long, longer) = ("k".repeat(300), "k".repeat(301));
    let names = [
        "",
        "key",
        "Key",
        "key ",
        " key",
        "key:1",
        "key/1",
        "{key}",
        "k%",
        "k_y",
        "k*y",
        "k?y",
        "'key'",
        "\"key\"",
        "k\\y",
        "ke\u{301}y",
        "k\u{e9}y",
        "キー",
        &long,
        &longer,
    ];
    let mut scripts = names.map(|name| Scenario::hourly(bench, name, KEYS));
    for (number, script) in (1..).zip(&mut scripts) {
        let answer = script.ask(draw_free(1 + number % 9)).await;
        script.so(answer.granted() == 1 + number % 9, &answer);
        if number % 3 == 0 {
            script.ask(pause_for(HOUR)).await;
        }
    }
    for script in &mut scripts {
        script.ask(Action::Peek).await;
    }
}

async fn pauses(bench: &Bench) {
    let promise = "a pause holds for all processes, is extended and never shortened";
    let mut script = Scenario::hourly(bench, "pauses", promise);
    let pause = |duration| pause_for(duration);
    script.ask(draw_free(2)).await;
    let first = script.ask(pause(HOUR)).await;
    script.so(first.state.paused_until == first.now + HOUR, &first);
    let shorter = script.ask(pause(HOUR / 2)).await;
    script.so(shorter.state == first.state, &shorter);
    let free = script.ask(draw_free(1)).await;
    script.so(free.granted() == 0 && free.last().wait > Wait::NONE, &free);
    let longer = script.ask(pause(2 * HOUR)).await;
    script.so(longer.state.paused_until == longer.now + 2 * HOUR, &longer);
    script.so(
        longer.state.generation == first.state.generation + 1,
        &longer,
    );
    script.ask(draw(1)).await;
    script.ask(pause(Ticks::MAX)).await;
    script.ask(Action::Peek).await;
}

async fn resumptions(bench: &Bench) {
    let promise =
        "a pause that is lifted is over for all processes, also for those that remember it";
    let mut script = Scenario::hourly(bench, "resumptions", promise);
    let resume = |forget| Action::Resume { forget };
    script.ask(draw_free(2)).await;
    script.ask(resume(false)).await;
    let paused = script.ask(pause_for(HOUR)).await;
    let lifted = script.ask(resume(false)).await;
    script.so(lifted.state.paused_until <= lifted.now, &lifted);
    script.so(
        lifted.state.generation == paused.state.generation + 1,
        &lifted,
    );
    let remembered = Request::new(draw(1), script.limits).with_floor(paused.state);
    let answer = script.request(remembered.clone()).await;
    script.so(
        answer.granted() == 1 && answer.state.paused_until <= answer.now,
        &answer,
    );
    script.ask(pause_for(HOUR)).await;
    script.request(remembered).await;
    script.ask(resume(true)).await;
    let learn = learn_pace(2 * HOUR, HOUR);
    script.ask(learn).await;
    let forgot = script.ask(resume(true)).await;
    script.so(forgot.state.rows[0].learnt_until == Ticks::ZERO, &forgot);
}

async fn lessons(bench: &Bench) {
    let promise = "what was learnt slows all processes, until it ends or is replaced";
    let mut script = Scenario::hourly(bench, "lessons", promise);
    let learn = |interval, duration| learn_pace(interval, duration);
    for (interval, duration) in [
        (2 * HOUR, HOUR),
        (3 * HOUR, 2 * HOUR),
        (Ticks::ZERO, Ticks::ZERO),
        (HOUR, HOUR),
    ] {
        script.ask(learn(interval, duration)).await;
        script.ask(draw(2)).await;
        script.ask(draw(2)).await;
    }
}

async fn late_requests(bench: &Bench) {
    let promise = "a request that comes after its time changes nothing";
    let mut script = Scenario::hourly(bench, "late", promise);
    let now = script.ask(draw_free(4)).await.now;
    for action in [draw(1), pause_for(HOUR)] {
        let late = Request::new(action, script.limits).not_after(now - Ticks::new(1));
        let answer = script.request(late).await;
        script.so(answer.stale && answer.granted() == 0, &answer);
    }
    script.ask(Action::Peek).await;
    let in_time = Request::new(draw(1), script.limits).not_after(now + HOUR);
    let answer = script.request(in_time).await;
    script.so(!answer.stale && answer.granted() == 1, &answer);
}

async fn floors(bench: &Bench) {
    let promise = "the state that an asker saw last mends one that was lost";
    let mut before = Scenario::hourly(bench, "floor", promise);
    before.ask(draw_free(10)).await;
    before.ask(draw(1)).await;
    let learn = learn_pace(2 * HOUR, HOUR);
    before.ask(learn).await;
    let floor = before.ask(pause_for(HOUR)).await.state;
    // The same limiter under a key that is new: all of it is lost.
    let mut script = Scenario::hourly(bench, "floor-lost", promise);
    let peek = Request::new(Action::Peek, script.limits).with_floor(floor.clone());
    let answer = script.request(peek.clone()).await;
    script.so(answer.state.paused_until == floor.paused_until, &answer);
    let full = floor.rows[0].full_at;
    script.so(answer.state.rows[0].full_at == full, &answer);
    script.ask(draw(1)).await;
    script.request(peek).await;
}

/// No test can set the clock of every store, but a request can say that it was set.
async fn clocks_set_forward(bench: &Bench) {
    const MINUTE: Ticks = Ticks::from_secs(60);
    let promise = "a clock that is set forward ends no pause";
    let mut script = Scenario::hourly(bench, "set-forward", promise);
    let now = script.ask(Action::Peek).await.now;
    if now <= 3 * HOUR {
        // A clock that has just begun cannot have been set.
        return;
    }
    let floor = State {
        paused_until: now - HOUR,
        seen: now - 2 * HOUR,
        ..State::default()
    };
    let peek = Request::new(Action::Peek, script.limits).with_floor(floor.clone());
    let sent = peek.not_after(now - HOUR).sent_at(now - HOUR - MINUTE);
    let answer = script.request(sent).await;
    script.so(answer.state.paused_until == answer.now + MINUTE, &answer);
}

async fn dropped_requests(bench: &Bench) {
    const DROPPED: u32 = 20;
    let promise = "a request that was dropped halfway does no harm";
    let limits = Limits::one(Limit::new(HOUR, 100));
    let mut script = Scenario::new(bench, "dropped", promise, limits);
    script.ask(draw_free(1)).await;
    let first = script.state.rows[0].full_at;
    let one = Request::new(draw_free(1), limits);
    for _ in 0..DROPPED {
        bench.ask_and_leave(&script.key, &one).await;
    }
    let peek = Request::new(Action::Peek, limits);
    let answer = bench.ask(&script.key, &peek);
    let Ok(answer) = tokio::time::timeout(Duration::from_secs(10), answer).await else {
        panic!("broken promise: {promise}; the store has answered nothing for 10 s");
    };
    // Each was carried out or was not.
    let more = answer.state.rows[0].full_at - first;
    let whole = more / HOUR * HOUR == more && more / HOUR <= u64::from(DROPPED);
    script.so(whole, &answer);
}

async fn lists(bench: &Bench) {
    let promise = "the actions of a request are done in their order, and each is answered";
    let mut script = Scenario::hourly(bench, "lists", promise);
    let pause = pause_for(HOUR);
    let resume = Action::Resume { forget: true };
    let learn = learn_pace(2 * HOUR, 9 * HOUR);
    for actions in [
        &[draw_free(3), draw_free(4), draw_free(5)][..],
        &[pause.clone(), learn.clone(), draw(1), draw(1)],
        &[resume.clone(), draw(1), pause.clone()],
        &[
            Action::Peek,
            learn.clone(),
            Action::Peek,
            resume,
            draw(2),
            learn,
            pause,
        ],
    ] {
        let mut request = Request::new(actions[0].clone(), script.limits);
        for action in &actions[1..] {
            request = request.then(action.clone());
        }
        let answer = script.request(request.clone()).await;
        script.so(answer.answers.len() == actions.len(), &answer);
        let late = script
            .request(request.not_after(answer.now - HOUR / 60))
            .await;
        script.so(late.stale && late.answers.len() == actions.len(), &late);
    }
}
