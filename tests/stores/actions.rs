//! Lists of actions: `step`, and what limiters send.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::Quota;
use paced::store::Action;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::State;
use paced::store::Store;
use paced::store::StoreFuture;
use paced::store::Wait;
use paced::store::step;
use tokio::time::Instant;

use crate::stepping::START;
use crate::stepping::T;
use crate::stepping::ask;
use crate::stepping::draw;
use crate::stepping::learn_pace;
use crate::stepping::limits;
use crate::stepping::pause_for;

#[test]
fn a_list_is_done_in_its_order_as_one() {
    let learn = learn_pace(2 * T, 600 * T);
    let pause = pause_for(7 * T);
    let actions = [pause, learn, draw(1), draw(1), Action::Peek];
    let mut request = Request::new(actions[0].clone(), limits());
    for action in &actions[1..] {
        request = request.then(action.clone());
    }
    let (mut state, mut other) = (State::default(), State::default());
    let reply = step(&mut state, START, &request);
    let (now, after) = (reply.now, reply.state.clone());
    assert_eq!((now, after), (START, state.clone()));
    let waits = [8, 9, 9, 11, 13].map(|seconds| Wait::ahead(seconds * T));
    assert_eq!([0, 1, 2, 3, 4].map(|nth| reply.answers[nth].wait), waits);
    assert_eq!(reply.granted(), 2);
    // The same as one by one, where nothing comes in between.
    for (action, answer) in actions.into_iter().zip(reply.answers.iter()) {
        assert_eq!(ask(&mut other, START, action).last(), *answer);
    }
    assert_eq!(state, other);
    // Too late, none of them is done.
    let late = step(&mut state, START + T, &request.not_after(START));
    assert!(late.stale && late.answers.len() == 5 && late.state == other);
}

/// A store that notes what it is asked to do, by how many actions at once.
#[derive(Debug, Default)]
struct Noting {
    memory: MemoryStore,
    asked: Mutex<Vec<String>>,
}

impl Store for Noting {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        let names = request.actions.iter().map(|action| match action {
            Action::Draw { .. } => "draw",
            Action::Pause { .. } => "pause",
            Action::Resume { .. } => "resume",
            Action::Learn { .. } => "learn",
            _ => "peek",
        });
        let names: Vec<_> = names.collect();
        self.asked.lock().unwrap().push(names.join(", "));
        self.memory.transact(key, request)
    }
}

impl Noting {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn a_limiter_sends_what_it_has_to_say_in_one_request() {
    let store = Arc::new(Noting::default());
    let quota = Quota::per_second(NonZeroU32::MIN);
    let builder = Limiter::builder(quota).name("api").store(store.clone());
    let limiter = builder.build().unwrap();
    limiter.acquire().await.unwrap();
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire().await.map(drop) }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    store.take();
    // The caller that waits needs another token: its own was drawn before the pause.
    limiter.cooldown_for(Duration::from_secs(5));
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(store.take(), ["pause, draw"]);
    limiter.resume();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(store.take(), ["resume, draw"]);
    let begun = Instant::now();
    waiting.await.unwrap().unwrap();
    assert!(begun.elapsed() <= Duration::from_secs(1));
}
