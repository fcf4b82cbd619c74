//! Requests beside a model of what the store should answer.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::Action;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::ListRequest;
use crate::store::PauseKind;
use crate::store::Reply;
use crate::store::Request;
use crate::store::State;
use crate::store::Store;
use crate::store::Ticks;
use crate::store::step;

pub(super) const SECOND: Ticks = Ticks::SECOND;
pub(super) const HOUR: Ticks = Ticks::from_secs(3600);

/// The store under test.
#[derive(Clone)]
pub(super) struct Bench {
    store: Arc<dyn Store>,
    /// Beginning of all keys of this run: a store may hold those of earlier runs.
    run: String,
    latest: Arc<AtomicU64>,
}

impl Bench {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            run: format!("conformance-{:016x}-", rand::random::<u64>()),
            latest: Arc::default(),
        }
    }

    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.run)
    }

    pub(super) async fn ask(&self, key: &str, request: &Request) -> Reply {
        let before = Ticks::new(self.latest.load(Ordering::SeqCst));
        let answer = match self.store.transact(key, request).await {
            Ok(answer) => answer,
            Err(error) => panic!("the store failed: {error}; asked {request:?} of {key:?}"),
        };
        assert!(
            answer.now >= before,
            "broken promise: the store's time never goes back; it was {before:?} and is {:?} now",
            answer.now
        );
        self.latest.fetch_max(answer.now.get(), Ordering::SeqCst);
        answer
    }

    /// Returns all limiters whose names begin with `prefix`, by pages of about `limit`; `None` where the store
    /// cannot list.
    pub(super) async fn list(&self, prefix: &str, limit: usize) -> Option<BTreeMap<String, State>> {
        let mut all = BTreeMap::new();
        let first = ListRequest::new().with_prefix(prefix).with_limit(limit);
        let mut next = Some(first);
        while let Some(request) = next {
            let before = Ticks::new(self.latest.load(Ordering::SeqCst));
            let page = match self.store.list(&request).await {
                Ok(page) => page,
                Err(error) if error.is_unsupported() => return None,
                Err(error) => panic!("the store failed: {error}; asked {request:?}"),
            };
            assert!(
                page.now >= before && page.next.as_ref() != Some(&request),
                "broken promise: a list has the store's time, and an end: asked {request:?}, answered {page:?}"
            );
            let limiters = page.limiters.into_iter();
            all.extend(limiters.map(|limiter| (limiter.name, limiter.state)));
            next = page.next;
        }
        Some(all)
    }

    /// Asks, and drops the request before it can have been answered if that takes any time.
    pub(super) async fn ask_and_leave(&self, key: &str, request: &Request) {
        let mut asked = self.store.transact(key, request);
        core::future::poll_fn(|context| {
            drop(asked.as_mut().poll(context));
            core::task::Poll::Ready(())
        })
        .await;
    }
}

/// Requests of one key, one after the other, whose answers are known.
pub(super) struct Scenario<'a> {
    bench: &'a Bench,
    promise: &'static str,
    pub(super) key: String,
    pub(super) limits: Limits,
    /// State that the store should have.
    pub(super) state: State,
}

impl<'a> Scenario<'a> {
    pub(super) fn new(bench: &'a Bench, name: &str, promise: &'static str, limits: Limits) -> Self {
        Self {
            bench,
            promise,
            key: bench.key(name),
            limits,
            state: State::default(),
        }
    }

    /// A key of its own with one limit: about a token per hour, ten at once.
    pub(super) fn hourly(bench: &'a Bench, name: &str, promise: &'static str) -> Self {
        Self::new(bench, name, promise, hourly())
    }

    pub(super) async fn ask(&mut self, action: Action) -> Reply {
        self.request(Request::new(action, self.limits)).await
    }

    pub(super) async fn request(&mut self, request: Request) -> Reply {
        let answer = self.bench.ask(&self.key, &request).await;
        let mut right = self.state.clone();
        let expected = step(&mut right, answer.now, &request);
        if answer != expected {
            self.forgotten(&request, &answer, &expected, &mut right);
        }
        self.state = right;
        answer
    }

    /// The other right answer: that of a store that had forgotten the state, as it may.
    fn forgotten(&self, request: &Request, answer: &Reply, expected: &Reply, right: &mut State) {
        let mut forgotten = State::default();
        let other = step(&mut forgotten, answer.now, request);
        let expired = self.state.expires_at() <= answer.now;
        assert!(
            expired && *answer == other,
            "broken promise: {}\n   asked: {request:?}\n      of: {:?}\nanswered: {answer:?}\n   right: {expected:?}",
            self.promise,
            self.state
        );
        *right = forgotten;
    }

    /// Whatever the model says, this has to be so.
    pub(super) fn so(&self, kept: bool, answer: &Reply) {
        assert!(
            kept,
            "broken promise: {}\nanswered: {answer:?}",
            self.promise
        );
    }
}

/// An odd number of ticks, so that nothing can be rounded unseen.
pub(super) fn hourly() -> Limits {
    Limits::one(Limit::new(HOUR.saturating_add(Ticks::new(7)), 10))
}

/// Draws tokens that are free now, and a single one that is not.
pub(super) const fn draw(tokens: u32) -> Action {
    Action::Draw {
        tokens,
        horizon: Ticks::ZERO,
        longest: Ticks::MAX,
        drain: false,
    }
}

/// Draws tokens that are free now.
pub(super) const fn draw_free(tokens: u32) -> Action {
    Action::Draw {
        tokens,
        horizon: Ticks::ZERO,
        longest: Ticks::ZERO,
        drain: false,
    }
}

pub(super) const fn pause_for(duration: Ticks) -> Action {
    let kind = PauseKind::Wait;
    Action::Pause { duration, kind }
}

pub(super) const fn learn_pace(interval: Ticks, duration: Ticks) -> Action {
    Action::Learn {
        row: 0,
        interval,
        duration,
    }
}
