//! A limiter of requests and tokens, its callers, and the buckets of its server.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

use paced::Limiter;
use paced::Receipt;
use tokio::task::JoinHandle;
use tokio::task::yield_now;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::model::Declared;
use crate::model::Model;

/// Longer than any caller waits: all others, at one token in a second each, and their debts.
const LONGEST: Duration = Duration::from_secs(1_000_000);

/// How a call turns out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Tokens that it takes, in hundredths of its cost. `None`: it is never settled.
    pub(crate) share: Option<u64>,
    /// The server does not count the request.
    pub(crate) refunded: bool,
    /// Time that it takes.
    pub(crate) millis: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A caller joins.
    Call { cost: u64, outcome: Outcome },
    /// A caller takes what is there, without waiting.
    Try { cost: u64, outcome: Outcome },
    /// The nth caller that is not done is dropped, wherever it is.
    Drop { nth: usize },
    /// A server asks for a pause.
    Pause { millis: u64 },
    /// The quota of requests or of tokens changes.
    SetQuota { of_requests: bool, quota: Declared },
    /// Time passes.
    Pass { micros: u64 },
}

/// Everything that happened.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Calls that overdrew a bucket.
    pub(crate) faults: Vec<String>,
    /// Numbers of the callers that waited, in the order in which they were served.
    pub(crate) order: Vec<usize>,
}

#[derive(Debug)]
struct Server {
    /// Tokens by which a bucket may seem to be overdrawn.
    exact: f64,
    requests: Model,
    tokens: Model,
    record: Record,
}

#[derive(Clone, Debug)]
struct Shared {
    limiter: Limiter,
    server: Arc<Mutex<Server>>,
}

pub(crate) struct World {
    shared: Shared,
    callers: Vec<JoinHandle<()>>,
    waiting: usize,
}

impl World {
    pub(crate) fn new(requests: Declared, tokens: Declared, exact: f64) -> Self {
        let builder = Limiter::builder(requests.quota).row("tokens", tokens.quota);
        let server = Server {
            exact,
            requests: Model::new(requests),
            tokens: Model::new(tokens),
            record: Record::default(),
        };
        Self {
            shared: Shared {
                limiter: builder.build().expect("two limits"),
                server: Arc::new(Mutex::new(server)),
            },
            callers: Vec::new(),
            waiting: 0,
        }
    }

    pub(crate) async fn apply(&mut self, event: Event) {
        let limiter = &self.shared.limiter;
        match event {
            Event::Call { cost, outcome } => {
                let (shared, number) = (self.shared.clone(), self.waiting);
                self.waiting += 1;
                let call = shared.call(Some(number), cost, outcome);
                self.spawn(call).await;
            }
            Event::Try { cost, outcome } => {
                self.spawn(self.shared.clone().call(None, cost, outcome))
                    .await;
            }
            Event::Drop { nth } => {
                let mut going = self.callers.iter().filter(|caller| !caller.is_finished());
                if let Some(caller) = going.nth(nth) {
                    caller.abort();
                    yield_now().await;
                }
            }
            Event::Pause { millis } => limiter.cooldown_for(Duration::from_millis(millis)),
            Event::SetQuota { of_requests, quota } => {
                // Permits that were granted before are picked up before, as the server counts them.
                yield_now().await;
                let unit = if of_requests { "requests" } else { "tokens" };
                limiter
                    .set_limit(unit, quota.quota)
                    .expect("a limit of this unit");
                self.shared.server().set(of_requests, quota);
                // Callers whose tokens are there now are served.
                yield_now().await;
            }
            Event::Pass { micros } => sleep(Duration::from_micros(micros)).await,
        }
    }

    async fn spawn(&mut self, call: impl Future<Output = ()> + Send + 'static) {
        self.callers.push(tokio::spawn(call));
        yield_now().await;
    }

    /// Serves all callers that are left.
    pub(crate) async fn finish(mut self) -> Record {
        for caller in self.callers.drain(..) {
            let served = timeout(LONGEST, caller).await;
            if let Err(error) = served.expect("a caller is never served") {
                assert!(error.is_cancelled(), "{error}");
            }
        }
        assert_eq!(self.shared.limiter.snapshot().waiting, 0);
        core::mem::take(&mut self.shared.server().record)
    }
}

impl Server {
    fn set(&mut self, of_requests: bool, quota: Declared) {
        if of_requests {
            self.requests.set(quota);
        } else {
            self.tokens.set(quota);
        }
    }
}

impl Shared {
    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().expect("no caller panics under the lock")
    }

    /// Makes one call. `number`: it waits, as the caller of this number.
    async fn call(self, number: Option<usize>, cost: u64, outcome: Outcome) {
        let costs = [("tokens", cost)];
        let reservation = if number.is_some() {
            self.limiter.acquire_costs(&costs).await
        } else {
            self.limiter.try_acquire_costs(&costs)
        };
        let reservation = match reservation {
            Ok(reservation) => reservation,
            Err(error) => {
                assert!(
                    error.is_insufficient_capacity() || error.is_not_yet(),
                    "{error}"
                );
                return;
            }
        };
        let spent = outcome.share.map(|share| cost * share / 100);
        self.sent(number, cost.min(spent.unwrap_or(cost)), outcome);
        let receipt = reservation.into_receipt();
        sleep(Duration::from_millis(outcome.millis)).await;
        if let Some(spent) = spent {
            self.settle(receipt, cost, spent, outcome);
        }
    }

    /// Counts a request that is sent now.
    fn sent(&self, number: Option<usize>, tokens: u64, outcome: Outcome) {
        let snapshot = self.limiter.snapshot();
        let mut server = self.server();
        server.record.order.extend(number);
        let is_counted = outcome.share.is_none() || !outcome.refunded;
        let spared = server.tokens.parts_forgiven + server.tokens.owed_now();
        let left = [
            (
                "requests",
                server.requests.charge(u64::from(is_counted)),
                0.0,
            ),
            ("tokens", server.tokens.charge(tokens), spared),
        ];
        for (unit, left, spared) in left {
            let forgiven = snapshot.row(unit).map_or(0, |row| row.forgiven);
            let forgiven = f64::from(u32::try_from(forgiven).expect("a few tokens"));
            if left + spared + forgiven < -server.exact {
                let fault =
                    format!("{left} {unit} left after {tokens} of {number:?}, {snapshot:?}");
                server.record.faults.push(fault);
            }
        }
    }

    fn settle(&self, receipt: Receipt, cost: u64, spent: u64, outcome: Outcome) {
        self.server().tokens.owe(spent.saturating_sub(cost));
        let all = [("tokens", spent), ("requests", 0)];
        let settled = if outcome.refunded {
            &all[..]
        } else {
            &all[..1]
        };
        let settled = self.limiter.settle(receipt, settled);
        settled.expect("limits of these units");
    }
}
