//! Servers that refuse a share of the requests by chance, whatever the rate.

use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::rate_limited;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::time::sleep;

use crate::callers::Crowd;
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
