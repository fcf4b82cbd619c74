//! Runs worlds on the paused clock, and records the fate of each caller.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::PoisonError;

use paced::Limiter;
use paced::Quota;
use test_support::life::paused;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::advance;
use tokio::time::sleep_until;

use crate::calls::Body;
use crate::calls::Bound;
use crate::calls::Told;
use crate::calls::call;
use crate::calls::inform;
use crate::calls::interval;
use crate::record::Fate;
use crate::record::Record;
use crate::server::Live;
use crate::store::Watched;
use crate::world::Caller;
use crate::world::Role;
use crate::world::Visit;
use crate::world::World;

/// The runtime of worlds that share their limit. A store's clock has coarse ticks, so what happens
/// depends on the nanosecond in which a world begins: those here all begin at whole seconds of
/// `paced`'s clock, whose first reading this makes.
static SHARED: LazyLock<Mutex<(Runtime, Instant)>> = LazyLock::new(|| {
    let runtime = paused();
    let first = runtime.block_on(async {
        Limiter::new(Quota::per_second(NonZeroU32::MIN)).snapshot();
        Instant::now()
    });
    Mutex::new((runtime, first))
});

/// Runs a world, without the bound of caller `lifted`.
pub(crate) fn run(world: &World, lifted: Option<usize>) -> Record {
    let shared = LazyLock::force(&SHARED);
    if !world.shared {
        // Inside, so that the start is read from the paused clock.
        return paused().block_on(async { Run::new(world).all(world, lifted).await });
    }
    let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    shared.0.block_on(async {
        let second = Duration::from_secs(1).as_nanos();
        let off = shared.1.elapsed().as_nanos() % second;
        let rest = u64::try_from(second - off).expect("at most a second");
        advance(Duration::from_nanos(rest)).await;
        Run::new(world).all(world, lifted).await
    })
}

struct Run {
    limiter: Limiter,
    store: Arc<Watched>,
    server: Arc<Live>,
    start: Instant,
}

impl Run {
    fn new(world: &World) -> Self {
        let count = |count| NonZeroU32::new(count).expect("above 0");
        let quota = Quota::per_second(count(world.per_second)).with_burst(count(world.burst));
        let store = Arc::new(Watched::new());
        let limiter = if world.shared {
            let store = Arc::clone(&store);
            Limiter::builder(quota)
                .name("api")
                .store(store)
                .unregistered()
                .build()
                .expect("a slow rate")
        } else {
            Limiter::new(quota)
        };
        Self {
            limiter,
            store,
            server: Arc::new(Live::new(world.server)),
            start: Instant::now(),
        }
    }

    async fn all(self, world: &World, lifted: Option<usize>) -> Record {
        let mut told = self.history(&world.history).await;
        let mut at = micros(self.start.elapsed());
        let mut crowd = Vec::with_capacity(world.crowd.len());
        for (number, caller) in world.crowd.iter().enumerate() {
            at += caller.after;
            self.wait_until(at).await;
            let mut caller = *caller;
            if lifted == Some(number) {
                caller.bound = Bound::NONE;
            }
            crowd.push(self.join(caller));
            yield_now().await;
        }
        self.to_whole_millis().await;
        let mut fates = Vec::with_capacity(crowd.len());
        for caller in crowd {
            fates.push(caller.await.expect("no caller panics"));
        }
        told.extend(fates.iter().filter_map(|fate| fate.told));
        told.sort_by_key(|told| told.at);
        Record {
            crowd: fates,
            told,
            asked: self.store.most(),
        }
    }

    async fn history(&self, calls: &[Visit]) -> Vec<Told> {
        let mut told = Vec::new();
        for (number, visit) in calls.iter().enumerate() {
            tokio::time::sleep(Duration::from_millis(visit.after)).await;
            let last = number + 1 == calls.len();
            let body = self.body(visit.takes, false, last);
            let _ = inform(&self.limiter, &body).await;
            told.extend(*body.told.lock().expect("no panic under the lock"));
        }
        told
    }

    /// Brings the clock to a whole millisecond: timers ring as late as it is off those.
    async fn to_whole_millis(&self) {
        let off = micros(self.start.elapsed()) % 1000;
        if off > 0 {
            advance(Duration::from_micros(1000 - off)).await;
        }
    }

    async fn wait_until(&self, at: u64) {
        let now = micros(self.start.elapsed());
        if at / 1000 > now / 1000 {
            self.to_whole_millis().await;
            sleep_until(self.start + Duration::from_millis(at / 1000)).await;
            // Tasks that wake at this instant have to run before the clock goes on.
            for _ in 0..4 {
                yield_now().await;
            }
        }
        let now = micros(self.start.elapsed());
        if at > now {
            advance(Duration::from_micros(at - now)).await;
        }
    }

    fn body(&self, takes: u64, fails: bool, last: bool) -> Body {
        Body {
            start: self.start,
            takes: Duration::from_millis(takes),
            fails,
            last,
            server: Arc::clone(&self.server),
            attempts: Mutex::default(),
            told: Mutex::default(),
        }
    }

    fn join(&self, caller: Caller) -> JoinHandle<Fate> {
        let limiter = self.limiter.clone();
        let body = self.body(caller.takes, caller.role == Role::Fails, false);
        tokio::spawn(async move {
            let (joined, before) = (body.now(), interval(&limiter));
            let refused = match caller.role {
                Role::Informs => {
                    let _ = inform(&limiter, &body).await;
                    None
                }
                Role::Plain | Role::Fails => call(caller.bound, &limiter, &body).await,
            };
            Fate {
                caller,
                joined,
                ended: body.now(),
                refused,
                intervals: (before, interval(&limiter)),
                attempts: body.attempts.into_inner().expect("no panic"),
                told: body.told.into_inner().expect("no panic"),
            }
        })
    }
}

/// Microseconds of a duration.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).expect("a short test")
}
