//! A store with a fault.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;
use std::collections::HashMap;
use std::sync::Mutex;

use paced::store::Action;
use paced::store::Answer;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::ListFuture;
use paced::store::ListRequest;
use paced::store::Listing;
use paced::store::Request;
use paced::store::State;
use paced::store::Store;
use paced::store::StoreError;
use paced::store::StoreFuture;
use paced::store::TICKS_PER_SECOND as SECOND;
use paced::store::step;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::fault::Fault;
use crate::stepping::START;

/// A store with a fault.
#[derive(Debug)]
pub(super) struct Broken {
    fault: Fault,
    began: Instant,
    /// Every state with the time at which it was written.
    states: Mutex<HashMap<String, (State, u64)>>,
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

    async fn apply(&self, key: &str, request: &Request) -> Result<Answer, StoreError> {
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
        let mut state = before;
        if self.fault == Fault::ShortensPauses && matches!(request.action, Action::Pause { .. }) {
            state.paused_until = 0;
        }
        let answer = step(&mut state, now, &self.request(request, now));
        if self.fault == Fault::WritesLate {
            yield_now().await;
        }
        self.write(key, state, before, now);
        Ok(self.answer(answer, before))
    }

    fn page(&self, request: &ListRequest) -> Listing {
        let mut asked = request.clone();
        if self.fault == Fault::ListsEveryName {
            asked.prefix.clear();
        }
        let now = match self.fault {
            Fault::ListsWithoutTime => 0,
            _ => self.now(0),
        };
        let states = self.states.lock().unwrap();
        let states = states.iter().map(|(key, (state, _))| {
            let mut state = *state;
            if self.fault == Fault::ListsNoPauses {
                state.paused_until = 0;
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

    fn now(&self, asked: u64) -> u64 {
        let passed = self.began.elapsed();
        let micros = u64::try_from(passed.as_micros()).unwrap();
        match self.fault {
            Fault::CountsMicroseconds => START + micros,
            Fault::CountsNanoseconds => START + micros * 1000,
            Fault::CountsWholeSeconds => START + passed.as_secs() * SECOND,
            Fault::StandsStill => START,
            Fault::GoesBack if asked == 50 => START - 1,
            _ => START + micros * 4,
        }
    }

    fn read(&self, key: &str, now: u64) -> State {
        let states = self.states.lock().unwrap();
        let (mut state, written) = states.get(key).copied().unwrap_or_default();
        let full = state.full_at.iter().all(|full_at| *full_at <= now);
        let age = now - written.min(now);
        match self.fault {
            Fault::ForgetsAtOnce => state = State::default(),
            Fault::ForgetsAfterASecond if age > SECOND => state = State::default(),
            Fault::ForgetsFullBuckets if full => state = State::default(),
            Fault::ForgetsPauses => state.paused_until = 0,
            Fault::ForgetsLessons => state.learnt_until = 0,
            Fault::KeepsOneLimit => state.full_at[1..].fill(0),
            Fault::KeepsNoGeneration => state.generation = 0,
            Fault::KeepsNoTimeOfChange => state.seen = 0,
            _ => {}
        }
        state
    }

    fn write(&self, key: String, mut state: State, before: State, now: u64) {
        if self.fault == Fault::NeverWrites || state == before {
            return;
        }
        let round: fn(u64) -> u64 = match self.fault {
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
                |ticks| ticks as f32 as u64
            }
            _ => |ticks| ticks,
        };
        state.full_at = state.full_at.map(round);
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
                Fault::IgnoresHorizons => *horizon = 0,
                Fault::IgnoresTheLongestWait => *longest = u64::MAX,
                Fault::IgnoresDrains => *drain = false,
                _ => {}
            },
            Action::Pause { .. } if self.fault == Fault::IgnoresPauses => {
                *action = Action::Peek;
            }
            Action::Pause { duration } if self.fault == Fault::DropsShortPauses => {
                // Whole seconds only.
                *duration = *duration / SECOND * SECOND;
            }
            Action::Resume { .. } if self.fault == Fault::IgnoresResumptions => {
                *action = Action::Peek;
            }
            Action::Learn { duration, .. } => match self.fault {
                Fault::IgnoresLessons => *action = Action::Peek,
                Fault::IgnoresEndsOfLessons if *duration == 0 => *action = Action::Peek,
                _ => {}
            },
            _ => {}
        }
    }

    fn request(&self, request: &Request, now: u64) -> Request {
        let mut changed = *request;
        self.change_action(&mut changed.action);
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

    fn answer(&self, mut answer: Answer, before: State) -> Answer {
        match self.fault {
            Fault::AnswersWithAnotherTime => answer.now += 1,
            Fault::AnswersWithTheStateBefore => answer.state = before,
            Fault::AnswersWithPositiveWaits => answer.wait = answer.wait.max(0),
            Fault::RoundsWaits => answer.wait = answer.wait / 4000 * 4000,
            _ => {}
        }
        answer
    }
}
