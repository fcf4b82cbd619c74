//! How a limiter behaves while callers wait for it: one run of one limiter at a time.

use core::fmt;
use core::hash::Hasher as _;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;
use core::task::Poll;
use core::time::Duration;
use std::hash::DefaultHasher;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread;
use std::time::Instant;

use nix::time::ClockId;
use tokio::runtime::Builder;
use tokio::task::JoinHandle;

use crate::limiters::Waits;
use crate::trace::Grant;
use crate::trace::Trace;

/// Behaviour of the callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// Each asks again as soon as it was served.
    Steady,
    /// The same, and half-way through the runtime stands still for 50 ms.
    Stalled,
    /// Half of them give up half-way through and do not come back.
    Halved,
    /// Nine in ten give up within 1 to 20 ms each time, and ask again at once.
    Churning,
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Permits per second.
    pub rate: u32,
    /// Permits saved up.
    pub burst: u32,
    /// How many callers there are.
    pub callers: u32,
    /// Behaviour of the callers.
    pub crowd: Crowd,
    /// Threads of the runtime.
    pub workers: usize,
    /// How long it goes on once all callers are there.
    pub lasts: Duration,
}

/// Figures of a run.
#[derive(Debug)]
pub struct Observed {
    /// The permits.
    pub trace: Trace,
    /// The share of the rate that was granted.
    pub rate_held: f64,
    /// Microseconds of CPU per permit, with one worker.
    pub cpu_per_permit: f64,
    /// The share of one core, with one worker.
    pub cores: f64,
}

impl Scenario {
    /// Callers that come back at once, on one thread.
    pub const fn steady(rate: u32, burst: u32, callers: u32) -> Self {
        Self {
            rate,
            burst,
            callers,
            crowd: Crowd::Steady,
            workers: 1,
            lasts: Duration::from_millis(1500),
        }
    }

    /// The same with callers that do something else.
    #[must_use]
    pub const fn with(self, crowd: Crowd) -> Self {
        Self { crowd, ..self }
    }

    /// The same on this many threads.
    #[must_use]
    pub const fn on(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// Runs it with one limiter.
    ///
    /// # Panics
    ///
    /// Where the system has no threads or timers left.
    pub fn run<L: Waits>(self) -> Observed {
        let mut builder = match self.workers {
            1 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(self.workers).enable_time().build();
        let runtime = runtime.expect("a runtime without I/O needs little of the system");
        let observed = runtime.block_on(self.observe::<L>());
        runtime.shutdown_timeout(Duration::from_secs(5));
        observed
    }

    async fn observe<L: Waits>(self) -> Observed {
        let scene = Arc::new(Scene {
            limiter: L::new(self.rate, self.burst),
            calls: AtomicU32::new(0),
            begun: Instant::now(),
            grants: Mutex::default(),
        });
        let impatient = |caller: u32| self.crowd == Crowd::Churning && !caller.is_multiple_of(10);
        let callers: Vec<_> = (0..self.callers)
            .map(|caller| tokio::spawn(Arc::clone(&scene).caller(caller, impatient(caller))))
            .collect();
        while scene.calls.load(Ordering::Relaxed) < self.callers {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (cpu, wall, early) = (cpu_time(), Instant::now(), scene.grants().len());
        tokio::time::sleep(self.lasts / 2).await;
        match self.crowd {
            Crowd::Stalled => thread::sleep(Duration::from_millis(50)),
            Crowd::Halved => callers.iter().step_by(2).for_each(JoinHandle::abort),
            Crowd::Steady | Crowd::Churning => {}
        }
        tokio::time::sleep(self.lasts / 2).await;
        let (cpu, wall) = (cpu_time().saturating_sub(cpu), wall.elapsed());
        let permits = u32::try_from(scene.grants().len() - early).unwrap_or(u32::MAX);
        let (grants, end) = scene.take();
        let trace = Trace { grants, early };
        Observed {
            rate_held: trace.rate_held(self.rate, end),
            cpu_per_permit: cpu.as_secs_f64() * 1e6 / f64::from(permits.max(1)),
            cores: cpu.as_secs_f64() / wall.as_secs_f64(),
            trace,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rate,
            burst,
            callers,
            ..
        } = self;
        write!(f, "{rate}/s, burst {burst}, {callers} callers")?;
        f.write_str(match self.crowd {
            Crowd::Steady => "",
            Crowd::Stalled => ", 50 ms standstill",
            Crowd::Halved => ", half of them dropped",
            Crowd::Churning => ", nine in ten give up and come back",
        })?;
        f.write_str(if self.workers == 1 { "" } else { ", 2 workers" })
    }
}

struct Scene<L> {
    limiter: L,
    calls: AtomicU32,
    begun: Instant,
    grants: Mutex<Vec<Grant>>,
}

impl<L: Waits> Scene<L> {
    async fn caller(self: Arc<Self>, caller: u32, impatient: bool) {
        for call in 0.. {
            let number = self.calls.fetch_add(1, Ordering::Relaxed);
            let wait = self.limiter.wait();
            if !impatient {
                wait.await;
                self.note(number);
            } else if tokio::time::timeout(patience(caller, call), wait)
                .await
                .is_ok()
            {
                self.note(number);
            }
        }
    }

    fn note(&self, number: u32) {
        let at = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.grants().push(Grant { number, at });
    }

    fn take(&self) -> (Vec<Grant>, u64) {
        let end = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let grants = core::mem::take(&mut *self.grants());
        (grants, end)
    }

    fn grants(&self) -> MutexGuard<'_, Vec<Grant>> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From 1 to 20 ms, different for every call and the same in every run.
fn patience(caller: u32, call: u64) -> Duration {
    let mut hasher = DefaultHasher::new();
    hasher.write_u32(caller);
    hasher.write_u64(call);
    Duration::from_micros(1_000 + hasher.finish() % 19_000)
}

/// CPU time of this thread.
fn cpu_time() -> Duration {
    let now = ClockId::CLOCK_THREAD_CPUTIME_ID.now();
    now.map_or(Duration::ZERO, Duration::from)
}

/// The share of the rate that timers allow at this moment, on this machine: what comes due while one
/// is more than 2 ms late may not be made up for.
///
/// # Panics
///
/// Where the system has no threads or timers left.
pub fn timers_allow() -> f64 {
    const SLACK: Duration = Duration::from_millis(2);
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime without I/O needs little of the system");
    runtime.block_on(async {
        let (begun, mut last, mut missed) = (Instant::now(), Instant::now(), Duration::ZERO);
        while begun.elapsed() < Duration::from_millis(500) {
            tokio::time::sleep(Duration::from_micros(20)).await;
            missed += last.elapsed().saturating_sub(SLACK);
            last = Instant::now();
        }
        1.0 - missed.as_secs_f64() / begun.elapsed().as_secs_f64()
    })
}

/// CPU microseconds per second that a limiter takes while no call comes.
///
/// # Panics
///
/// Where the system has no threads or timers left.
pub fn idle<L: Waits>() -> f64 {
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime without I/O needs little of the system");
    runtime.block_on(async {
        let limiter = L::new(1000, 1);
        for _ in 0..20 {
            limiter.wait().await;
        }
        let before = cpu_time();
        tokio::time::sleep(Duration::from_secs(1)).await;
        cpu_time().saturating_sub(before).as_secs_f64() * 1e6
    })
}

/// Lets `count` callers wait that will not be served, and returns once all of them do.
pub async fn park<L: Waits>(limiter: Arc<L>, count: u32) {
    limiter.wait().await;
    for _ in 0..count {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move { limiter.wait().await });
    }
    let mut rounds = 0;
    core::future::poll_fn(|cx| {
        rounds += 1;
        cx.waker().wake_by_ref();
        // tokio looks at 61 tasks between two polls of this one.
        if rounds > count / 61 + 100 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
