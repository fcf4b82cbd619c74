//! Slots that processes share through a store.

use core::mem;
use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use paced::Limiter;
use paced::Quota;
use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::Ticks;
use tokio::time::Instant;
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// A limiter that stands for a process.
fn process(store: &Arc<MemoryStore>, most: u32) -> Arc<Limiter> {
    let quota = Quota::per_second(NonZeroU32::new(1000).expect("above 0"));
    let store: Arc<dyn Store> = store.clone();
    let builder = Limiter::builder(quota).name("shared").store(store);
    let builder = builder.max_concurrency(NonZeroU32::new(most).expect("above 0"));
    Arc::new(builder.unregistered().build().expect("a right limiter"))
}

/// Slots that the leases in the store are for.
async fn leased(store: &MemoryStore) -> Vec<u32> {
    let limits = Limits::one(Limit::new(Ticks::from_millis(1), 1000));
    let reply = store
        .transact("shared", &Request::new(Action::Peek, limits))
        .await;
    let state = reply.expect("a reply").state;
    let mut held: Vec<_> = state.leases.iter().map(|lease| lease.held).collect();
    held.sort_unstable();
    held
}

/// Callers that each keep a slot for as long as the limiter lives.
fn hog(limiter: &Arc<Limiter>, callers: u32) -> Vec<tokio::task::JoinHandle<()>> {
    let call = |_| {
        let limiter = Arc::clone(limiter);
        tokio::spawn(async move {
            let _permit = limiter.acquire().await.expect("a permit");
            core::future::pending::<()>().await;
        })
    };
    (0..callers).map(call).collect()
}

#[tokio::test(start_paused = true)]
async fn processes_share_slots() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (process(&store, 4), process(&store, 4));
    let mut permits = Vec::new();
    for _ in 0..3 {
        permits.push(one.acquire().await.expect("a permit"));
    }
    let theirs = other.acquire().await.expect("a permit");
    assert_eq!(leased(&store).await, [1, 3]);
    let start = Instant::now();
    let waiting = {
        let other = Arc::clone(&other);
        tokio::spawn(async move {
            drop(other.acquire().await.expect("a permit"));
            Instant::now()
        })
    };
    sleep(5 * SECOND).await;
    assert_eq!(other.snapshot().waiting, 1);
    permits.pop();
    let came = waiting.await.expect("a permit").duration_since(start);
    assert!(came < 6 * SECOND, "{came:?}");
    drop((permits, theirs));
    sleep(5 * SECOND).await;
    assert_eq!(
        leased(&store).await,
        [0_u32; 0],
        "idle slots are given back"
    );
}

#[tokio::test(start_paused = true)]
async fn leases_are_renewed() {
    let store = Arc::new(MemoryStore::new());
    let limiter = process(&store, 4);
    let permit = limiter.acquire().await.expect("a permit");
    for _ in 0..20 {
        sleep(2 * SECOND).await;
        assert_eq!(leased(&store).await, [1]);
    }
    drop(permit);
}

#[tokio::test(start_paused = true)]
async fn slots_of_a_process_that_is_gone_are_free_within_ten_seconds() {
    let store = Arc::new(MemoryStore::new());
    let (gone, other) = (process(&store, 2), process(&store, 2));
    let hogs = hog(&gone, 2);
    sleep(SECOND).await;
    assert_eq!(leased(&store).await, [2]);
    for hog in hogs {
        // Its calls hold their permits for ever, as those of a process that was killed.
        hog.abort();
    }
    // A handle that is never dropped would go on renewing.
    mem::drop(gone);
    let start = Instant::now();
    drop(other.acquire().await.expect("a permit"));
    assert!(
        start.elapsed() < Duration::from_millis(10_300),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn there_are_never_more_leases_than_slots_and_parts_are_fair() {
    let store = Arc::new(MemoryStore::new());
    let processes: Vec<_> = (0..4).map(|_| process(&store, 8)).collect();
    for limiter in &processes {
        for caller in 0..6_u64 {
            let limiter = Arc::clone(limiter);
            tokio::spawn(async move {
                loop {
                    let permit = limiter.acquire().await.expect("a permit");
                    sleep(Duration::from_millis(50 + 10 * caller)).await;
                    drop(permit);
                }
            });
        }
    }
    let mut before = Vec::new();
    for round in 0..300 {
        sleep(Duration::from_millis(100)).await;
        let leased = leased(&store).await;
        assert!(leased.iter().sum::<u32>() <= 8, "{leased:?}");
        let in_flight: u64 = processes.iter().map(|it| it.snapshot().in_flight).sum();
        assert!(in_flight <= 8, "{in_flight}");
        if round == 50 {
            before = processes
                .iter()
                .map(|it| it.snapshot().counts.granted)
                .collect();
        }
    }
    let granted = processes.iter().map(|it| it.snapshot().counts.granted);
    let granted: Vec<_> = granted
        .zip(before)
        .map(|(now, before)| now - before)
        .collect();
    let (least, most) = (granted.iter().min().unwrap(), granted.iter().max().unwrap());
    assert!(*least * 2 >= *most, "{granted:?}");
    // 8 slots for 25 s, and calls of 75 ms.
    assert!(granted.iter().sum::<u64>() > 2000, "{granted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_slot_draws_no_token() {
    let store = Arc::new(MemoryStore::new());
    let limiter = process(&store, 1);
    let permit = limiter.acquire().await.expect("a permit");
    sleep(SECOND).await;
    let waiting = {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move { drop(limiter.acquire().await.expect("a permit")) })
    };
    sleep(20 * SECOND).await;
    let shared = limiter.shared_snapshot().await.expect("a reply");
    assert_eq!(shared.available, 1000);
    drop(permit);
    waiting.await.expect("a permit");
}

/// Callers of each process that call again and again, and each take so long.
fn busy(processes: &[Arc<Limiter>], callers: u32, each: Duration) {
    for limiter in processes {
        for _ in 0..callers {
            let limiter = Arc::clone(limiter);
            tokio::spawn(async move {
                loop {
                    let permit = limiter.acquire().await.expect("a permit");
                    sleep(each).await;
                    drop(permit);
                }
            });
        }
    }
}

fn in_flight(processes: &[Arc<Limiter>]) -> Vec<u64> {
    let in_flight = processes.iter().map(|it| it.snapshot().in_flight);
    let mut in_flight: Vec<_> = in_flight.collect();
    in_flight.sort_unstable();
    in_flight
}

async fn check_parts(most: u32, count: u32, parts: &[u64]) {
    let store = Arc::new(MemoryStore::new());
    let processes: Vec<_> = (0..count).map(|_| process(&store, most)).collect();
    busy(&processes, 6, Duration::from_millis(90));
    sleep(20 * SECOND).await;
    for _ in 0..100 {
        sleep(Duration::from_millis(37)).await;
        assert_eq!(in_flight(&processes), parts);
    }
}

#[tokio::test(start_paused = true)]
async fn all_slots_are_used_by_three_processes_and_by_five() {
    check_parts(8, 3, &[2, 3, 3]).await;
    check_parts(8, 5, &[1, 1, 2, 2, 2]).await;
    check_parts(2, 2, &[1, 1]).await;
}

/// Grants per process in 40 s, the fewest first, and the longest time without any.
async fn grants(most: u32, count: u32, each: Duration) -> (Vec<u64>, Duration) {
    let store = Arc::new(MemoryStore::new());
    let processes: Vec<_> = (0..count).map(|_| process(&store, most)).collect();
    busy(&processes, 3, each);
    sleep(10 * SECOND).await;
    let granted = |it: &Arc<Limiter>| it.snapshot().counts.granted;
    let before: Vec<_> = processes.iter().map(granted).collect();
    let mut last: Vec<_> = before
        .iter()
        .map(|&granted| (granted, Instant::now()))
        .collect();
    let mut longest = Duration::ZERO;
    for _ in 0..400 {
        sleep(Duration::from_millis(100)).await;
        assert!(in_flight(&processes).iter().sum::<u64>() <= u64::from(most));
        for (process, last) in processes.iter().zip(&mut last) {
            let granted = granted(process);
            longest = longest.max(last.1.elapsed());
            if granted > last.0 {
                *last = (granted, Instant::now());
            }
        }
    }
    let granted = processes.iter().map(granted).zip(before);
    let mut granted: Vec<_> = granted.map(|(now, before)| now - before).collect();
    granted.sort_unstable();
    (granted, longest)
}

#[tokio::test(start_paused = true)]
async fn processes_take_turns_where_slots_are_fewer() {
    // Slots, processes, milliseconds of a call, and the longest time without a slot: turns of 2 s and a call, a handover.
    let cases = [
        (8, 9, 200, 2500),
        (1, 2, 100, 2500),
        (1, 2, 2000, 4500),
        (2, 5, 300, 6000),
    ];
    for (most, count, millis, longest) in cases {
        let (granted, waited) = grants(most, count, Duration::from_millis(millis)).await;
        let case = format!("{most} of {count}, {millis} ms: {granted:?}, {waited:?}");
        assert!(waited < Duration::from_millis(longest), "{case}");
        // Nine tenths of the time of the slots is used.
        let all = 40_000 / millis * u64::from(most);
        assert!(granted.iter().sum::<u64>() * 10 >= all * 9, "{case}");
        let (least, most) = (granted[0], granted[granted.len() - 1]);
        assert!(least * 3 >= most * 2, "{case}");
    }
}
