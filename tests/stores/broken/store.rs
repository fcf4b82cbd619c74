//! A store with a fault.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;
use std::collections::HashMap;
use std::sync::Mutex;

use paced::store::Action;
use paced::store::Actions;
use paced::store::Answer;
use paced::store::Answers;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::ListFuture;
use paced::store::ListRequest;
use paced::store::Listing;
use paced::store::Reply;
use paced::store::Request;
use paced::store::RowState;
use paced::store::State;
use paced::store::Store;
use paced::store::StoreError;
use paced::store::StoreFuture;
use paced::store::Ticks;
use paced::store::Wait;
use paced::store::step;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::fault::Fault;
use super::sharing;
use crate::stepping::SECOND;
use crate::stepping::START;

/// A store with a fault.
#[derive(Debug)]
pub(super) struct Broken {
    fault: Fault,
    began: Instant,
    /// Every state with the time at which it was written.
    states: Mutex<HashMap<String, (State, Ticks)>>,
    asked: AtomicU64,
    lock: Semaphore,
}

impl Store for Broken {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(self.apply(key, request))
    }

    fn list<'a>(&'a self, request: &'a ListRequest) -> ListFuture<'a> {
        Box::pin(core::future::ready(Ok(self.page(request))))
    }
}

impl Broken {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            began: Instant::now(),
            states: Mutex::default(),
            asked: AtomicU64::new(0),
            lock: Semaphore::new(1),
        }
    }

    async fn apply(&self, key: &str, request: &Request) -> Result<Reply, StoreError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        if self.fault == Fault::Fails && asked == 100 {
            return Err(StoreError::unavailable("out of order"));
        }
        if self.fault == Fault::StaysLockedWhenDropped {
            self.lock.acquire().await.unwrap().forget();
            yield_now().await;
            self.lock.add_permits(1);
        }
        let key = self.key(key);
        let now = self.now(asked);
        let before = self.read(&key, now);
        if self.fault == Fault::LosesUpdates {
            yield_now().await;
        }
        if self.fault == Fault::DoesActionsOneByOne && only_draws(request) {
            return Ok(self.one_by_one(&key, request, now).await);
        }
        let mut state = before.clone();
        if self.fault == Fault::ShortensPauses && matches!(request.actions[0], Action::Pause { .. })
        {
            state.paused_until = Ticks::ZERO;
        }
        let request = self.request(request, now);
        let reply = step(&mut state, now, &request);
        if self.fault == Fault::KeepsTheFirstActionOnly {
            state = before.clone();
            step(&mut state, now, &with(&request, &request.actions[..1]));
        }
        if self.fault == Fault::WritesLate {
            yield_now().await;
        }
        self.write(key, state, &before, now);
        Ok(self.reply(reply, before))
    }

    /// Each action as a request of its own.
    async fn one_by_one(&self, key: &str, request: &Request, now: Ticks) -> Reply {
        let mut replies = Vec::new();
        for action in request.actions.iter() {
            let before = self.read(key, now);
            let mut state = before.clone();
            let one = with(request, core::slice::from_ref(action));
            replies.push(step(&mut state, now, &one));
            self.write(key.to_owned(), state, &before, now);
            yield_now().await;
        }
        let mut reply = replies.pop().unwrap();
        let answers = replies.iter().map(Reply::last).chain([reply.last()]);
        reply.answers = collected(answers);
        reply
    }

    fn page(&self, request: &ListRequest) -> Listing {
        let mut asked = request.clone();
        if self.fault == Fault::ListsEveryName {
            asked.prefix.clear();
        }
        let now = match self.fault {
            Fault::ListsWithoutTime => Ticks::ZERO,
            _ => self.now(0),
        };
        let states = self.states.lock().unwrap();
        let states = states.iter().map(|(key, (state, _))| {
            let mut state = state.clone();
            if self.fault == Fault::ListsNoPauses {
                state.paused_until = Ticks::ZERO;
            }
            (key, state)
        });
        let mut page = Listing::of(now, states, &asked);
        if self.fault == Fault::ListsOnePage {
            page.next = None;
        }
        page
    }

    fn key(&self, key: &str) -> String {
        match self.fault {
            Fault::OneKeyForAll => String::new(),
            Fault::IgnoresCase => key.to_lowercase(),
            Fault::TrimsKeys => key.trim_end().to_owned(),
            Fault::CutsKeys => key.chars().take(255).collect(),
            _ => key.to_owned(),
        }
    }

    fn now(&self, asked: u64) -> Ticks {
        let passed = self.began.elapsed();
        let micros = u64::try_from(passed.as_micros()).unwrap();
        match self.fault {
            Fault::CountsMicroseconds => START + Ticks::new(micros),
            Fault::CountsNanoseconds => START + Ticks::new(micros * 1000),
            Fault::CountsWholeSeconds => START + Ticks::from_secs(passed.as_secs()),
            Fault::StandsStill => START,
            Fault::GoesBack if asked == 50 => START - Ticks::new(1),
            _ => START + Ticks::from_duration(passed),
        }
    }

    fn read(&self, key: &str, now: Ticks) -> State {
        let states = self.states.lock().unwrap();
        let (mut state, written) = states.get(key).cloned().unwrap_or_default();
        sharing::change_state(self.fault, &mut state);
        let full = state.rows.iter().all(|row| row.full_at <= now);
        let age = now - written;
        match self.fault {
            Fault::ForgetsAtOnce => state = State::default(),
            Fault::ForgetsAfterASecond if age > SECOND => state = State::default(),
            Fault::ForgetsFullBuckets if full => state = State::default(),
            Fault::ForgetsPauses => state.paused_until = Ticks::ZERO,
            Fault::ForgetsLessons => state.rows[0].learnt_until = Ticks::ZERO,
            Fault::KeepsOneLimit => state.rows[1..].fill(RowState::default()),
            Fault::KeepsNoGeneration => state.generation = 0,
            Fault::KeepsNoTimeOfChange => state.seen = Ticks::ZERO,
            _ => {}
        }
        state
    }

    fn write(&self, key: String, mut state: State, before: &State, now: Ticks) {
        if self.fault == Fault::NeverWrites || state == *before {
            return;
        }
        let round: fn(Ticks) -> Ticks = match self.fault {
            // To milliseconds, and as a float of 32 bits.
            Fault::RoundsDown => |ticks| ticks / 4000 * 4000,
            Fault::KeepsSingleFloats =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_precision_loss,
                    clippy::cast_sign_loss,
                    reason = "the fault"
                )]
                |ticks| Ticks::new(ticks.get() as f32 as u64)
            }
            _ => |ticks| ticks,
        };
        for row in &mut state.rows {
            row.full_at = round(row.full_at);
        }
        self.states.lock().unwrap().insert(key, (state, now));
    }

    fn change_action(&self, action: &mut Action) {
        match action {
            Action::Draw {
                tokens,
                horizon,
                longest,
                drain,
            } => match self.fault {
                Fault::DrawsOneAtMost => *tokens = (*tokens).min(1),
                Fault::IgnoresHorizons => *horizon = Ticks::ZERO,
                Fault::IgnoresTheLongestWait => *longest = Ticks::MAX,
                Fault::IgnoresDrains => *drain = false,
                _ => {}
            },
            Action::Pause { .. } if self.fault == Fault::IgnoresPauses => {
                *action = Action::Peek;
            }
            Action::Pause { duration, .. } if self.fault == Fault::DropsShortPauses => {
                // Whole seconds only.
                *duration = *duration / SECOND * SECOND;
            }
            Action::Resume { .. } if self.fault == Fault::IgnoresResumptions => {
                *action = Action::Peek;
            }
            Action::Learn { duration, .. } => match self.fault {
                Fault::IgnoresLessons => *action = Action::Peek,
                Fault::IgnoresEndsOfLessons if *duration == Ticks::ZERO => *action = Action::Peek,
                _ => {}
            },
            _ => {}
        }
    }

    fn request(&self, request: &Request, now: Ticks) -> Request {
        let mut changed = request.clone();
        let last = changed.actions.len() - 1;
        match self.fault {
            Fault::DoesTheFirstActionOnly => changed.actions[1..].fill(Action::Peek),
            Fault::DoesTheLastActionOnly => changed.actions[..last].fill(Action::Peek),
            Fault::DoesActionsInReverse => changed.actions.reverse(),
            _ => {}
        }
        for action in changed.actions.iter_mut() {
            self.change_action(action);
            sharing::change_action(self.fault, action);
        }
        match self.fault {
            Fault::IgnoresFloors => changed.floor = None,
            Fault::IgnoresNotAfter => changed.not_after = None,
            // Late by less than a minute is in time.
            Fault::ServesLateRequests => {
                changed.not_after = changed.not_after.map(|end| (end + 60 * SECOND).max(now));
            }
            Fault::IgnoresWhenItWasSent => changed.sent_at = None,
            Fault::KeepsTheFirstLimit => {
                changed.limits = Limits::one(changed.limits.as_slice()[0]);
            }
            Fault::KeepsTheTightestLimit => {
                let tightest = |limit: &&Limit| limit.interval();
                let limits = changed.limits.as_slice().iter();
                changed.limits = Limits::one(*limits.max_by_key(tightest).unwrap());
            }
            _ => {}
        }
        changed
    }

    fn reply(&self, mut reply: Reply, before: State) -> Reply {
        match self.fault {
            Fault::AnswersWithAnotherTime => reply.now = reply.now + Ticks::new(1),
            Fault::AnswersWithTheStateBefore => reply.state = before,
            Fault::AnswersWithPositiveWaits => change(&mut reply, |wait| wait.max(Wait::NONE)),
            Fault::AnswersTheLastActionOnly => reply.answers = Answers::one(reply.last()),
            Fault::DoesActionsInReverse => reply.answers.reverse(),
            Fault::RoundsWaits => {
                change(&mut reply, |wait| Wait::new(wait.get() / 4000 * 4000));
            }
            _ => {}
        }
        reply
    }
}

fn change(reply: &mut Reply, change: impl Fn(Wait) -> Wait) {
    for answer in reply.answers.iter_mut() {
        answer.wait = change(answer.wait);
    }
}

/// One by one they have the same answers, if nothing comes in between.
fn only_draws(request: &Request) -> bool {
    let free = |action: &Action| {
        matches!(
            action,
            Action::Draw {
                drain: false,
                longest: Ticks::ZERO,
                ..
            }
        )
    };
    let has_one_limit = request.limits.as_slice().len() == 1;
    request.floor.is_none() && has_one_limit && request.actions.iter().all(free)
}

/// The same request with other actions.
fn with(request: &Request, actions: &[Action]) -> Request {
    let mut changed = request.clone();
    changed.actions = Actions::one(actions[0].clone());
    for action in &actions[1..] {
        changed.actions.push(action.clone());
    }
    changed
}

fn collected(answers: impl IntoIterator<Item = Answer>) -> Answers {
    let mut answers = answers.into_iter();
    let first = Answers::one(answers.next().unwrap());
    answers.fold(first, Answers::and)
}
