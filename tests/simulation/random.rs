//! Servers that refuse a share of the requests by chance, whatever the rate.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use paced::Limiter;
use paced::rate_limited;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::time::sleep;

use crate::callers::Crowd;
use crate::callers::batch;
use crate::errors::Refusal;
use crate::support::limiter;
use crate::support::ms;
use crate::support::secs;

#[derive(Clone, Copy, Debug)]
struct Figures {
    good: usize,
    lost: usize,
}

/// Answers after 20 ms.
#[derive(Debug)]
struct Server {
    refusal: Refusal,
    share: f64,
    draws: Mutex<StdRng>,
}

impl Server {
    async fn request(&self) -> Result<(), Refusal> {
        let refused = self.draws.lock().unwrap().random_bool(self.share);
        sleep(ms(20)).await;
        if refused { Err(self.refusal) } else { Ok(()) }
    }
}

#[rate_limited(limiter = limiter)]
async fn request(limiter: &Limiter, server: &Server) -> Result<(), Refusal> {
    server.request().await
}

/// 16 callers for 300 s.
async fn scenario(refusal: Refusal, tenths: u32) -> Figures {
    let (limiter, mut crowd) = (limiter(50.0, 50), Crowd::new());
    let server = Arc::new(Server {
        refusal,
        share: f64::from(tenths) / 10.0,
        draws: Mutex::new(StdRng::seed_from_u64(1)),
    });
    let calls = crowd.add(16, move || {
        let (limiter, server) = (limiter.clone(), Arc::clone(&server));
        async move { request(&limiter, &server).await.is_ok() }
    });
    crowd.run(secs(300)).await;
    let figures = Figures {
        good: calls.passed(),
        lost: calls.failed(),
    };
    println!(
        "refused by chance: {refusal}, p 0.{tenths}: {} good calls, {} lost",
        figures.good, figures.lost
    );
    figures
}

/// Nothing is promised beside an end: one refusal says nothing about the next request.
#[tokio::test(start_paused = true)]
async fn figures_of_servers_that_refuse_by_chance() {
    for refusal in [Refusal::bare(429), Refusal::told(secs(1))] {
        for tenths in 1..=9 {
            let figures = scenario(refusal, tenths).await;
            assert!(figures.good > 0, "{refusal}, p 0.{tenths}: {figures:?}");
        }
    }
}

/// Refuses each hundredth request with a 503 that asks for a second.
async fn each_hundredth(count: &AtomicU32) -> Result<(), Refusal> {
    let number = count.fetch_add(1, Ordering::Relaxed) + 1;
    sleep(ms(20)).await;
    if number % 100 == 0 {
        return Err(Refusal::unavailable(secs(1)));
    }
    Ok(())
}

#[rate_limited(limiter = limiter)]
async fn maintained(limiter: &Limiter, count: &AtomicU32) -> Result<(), Refusal> {
    each_hundredth(count).await
}

/// At 200/s 100 requests take half a second, and a second's pause follows.
#[tokio::test(start_paused = true)]
async fn a_server_in_maintenance_is_waited_for_and_not_slowed_down() {
    let (limiter, mut crowd) = (limiter(200.0, 1), Crowd::new());
    let count = Arc::new(AtomicU32::new(0));
    let calls = crowd.add(16, move || {
        let (limiter, count) = (limiter.clone(), Arc::clone(&count));
        async move { maintained(&limiter, &count).await.is_ok() }
    });
    crowd.run(secs(150)).await;
    println!("each hundredth refused: {} of 10,000 calls", calls.passed());
    assert_eq!(calls.failed(), 0);
    assert!(calls.passed() >= 9_000, "{}", calls.passed());
}

/// Refuses these requests with a 429 that asks for a second, and no others.
async fn stray(count: &AtomicU32, strays: &[u32]) -> Result<(), Refusal> {
    let number = count.fetch_add(1, Ordering::Relaxed);
    let refused = strays.contains(&number);
    sleep(ms(10)).await;
    if refused {
        return Err(Refusal::told(secs(1)));
    }
    Ok(())
}

#[rate_limited(limiter = limiter)]
async fn now_and_then(
    limiter: &Limiter,
    count: &AtomicU32,
    strays: &'static [u32],
) -> Result<(), Refusal> {
    stray(count, strays).await
}

/// 1,000 calls at 50/s with a burst of 50 take 19 s, and each pause another second.
async fn with_strays(strays: &'static [u32]) -> u64 {
    let limiter = limiter(50.0, 50);
    let count = Arc::new(AtomicU32::new(0));
    let batch = batch(50, 1000, move || {
        let (limiter, count) = (limiter.clone(), Arc::clone(&count));
        async move { now_and_then(&limiter, &count, strays).await.is_ok() }
    })
    .await;
    assert_eq!(batch.failed, 0);
    let millis = u64::try_from(batch.wall.as_millis()).unwrap();
    println!("strays {strays:?}: {millis} ms");
    millis
}

#[tokio::test(start_paused = true)]
async fn a_stray_refusal_or_two_do_not_slow_a_right_rate_down() {
    const STRAYS: [(&[u32], u64); 4] = [
        (&[55], 23_000),
        (&[200, 203], 28_000),
        (&[200, 215], 28_000),
        (&[55, 62], 28_000),
    ];
    for (strays, most) in STRAYS {
        let millis = with_strays(strays).await;
        assert!(millis <= most, "{strays:?}: {millis} ms");
    }
}
