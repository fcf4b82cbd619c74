//! A rate that was declared as a server's fixed windows have it: 60 in 2 s as 30/s with a burst of 60.

use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use http::Response;
use paced::Limiter;
use paced::rate_limited;

use crate::callers::batch;
use crate::support::limiter;
use crate::support::ms;
use crate::support::secs;
use crate::window::Resets;
use crate::window::Ways;
use crate::window::Windows;

/// 200 calls need a fourth window, which begins 6 s after the first.
const IDEAL: Duration = secs(6);

#[derive(Clone, Copy, Debug)]
struct Figures {
    wall: Duration,
    refusals: u32,
    failed: u32,
}

impl Figures {
    fn share(&self) -> f64 {
        self.wall.as_secs_f64() / IDEAL.as_secs_f64()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wall, share) = (self.wall.as_secs_f64(), self.share());
        let Self {
            refusals, failed, ..
        } = self;
        write!(
            f,
            "{wall:.2} s, {share:.3} of the ideal, {refusals} refusals, {failed} failed"
        )
    }
}

/// Without jitter, so that each run is like the last.
#[rate_limited(limiter = limiter, backoff(jitter = "none"))]
async fn request(limiter: &Limiter, server: &Windows) -> Result<Response<()>, io::Error> {
    Ok(server.request().await)
}

/// 32 workers that share 200 calls.
async fn scenario(resets: Resets, (hz, burst): (f64, u32), way: u32, phase: Duration) -> Figures {
    let limiter = limiter(hz, burst);
    let ways = Ways::Varying(way);
    let server = Arc::new(Windows::new((60, secs(2)), resets, ways, phase));
    let asked = Arc::clone(&server);
    let batch = batch(32, 200, move || {
        let (limiter, server) = (limiter.clone(), Arc::clone(&asked));
        async move {
            let response = request(&limiter, &server).await;
            response.is_ok_and(|response| response.status().is_success())
        }
    });
    let batch = batch.await;
    let figures = Figures {
        wall: batch.wall,
        refusals: server.refused(),
        failed: batch.failed,
    };
    println!(
        "60 in windows of 2 s, {resets:?} from {phase:?}, declared {hz}/s burst {burst}, ways {way}: {figures}"
    );
    figures
}

/// Runs that took longer than this share of the ideal, or whose calls were refused more often.
async fn above(resets: Resets, phases: &[u64], share: f64, refusals: u32) -> Vec<String> {
    let mut above = Vec::new();
    for phase in phases {
        for way in [0, 1, 2, 6] {
            let figures = scenario(resets, (30.0, 60), way, ms(*phase)).await;
            let quick = figures.share() <= share;
            if !quick || figures.refusals > refusals || figures.failed > 0 {
                above.push(format!("from {phase} ms, ways {way}: {figures}"));
            }
        }
    }
    above
}

#[tokio::test(start_paused = true)]
async fn windows_that_tell_their_ends_exactly_are_used_up() {
    assert_eq!(above(Resets::Decimals, &[0], 1.05, 0).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn windows_that_tell_their_ends_as_instants_are_used() {
    let phases = [0, 20, 50, 100, 150, 250, 500, 900];
    assert_eq!(above(Resets::Epoch, &phases, 1.30, u32::MAX).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn figures_of_windows_that_tell_their_ends_in_whole_seconds() {
    let above = above(Resets::Seconds, &[0], f64::INFINITY, u32::MAX).await;
    assert_eq!(above, [""; 0]);
}

/// A rate that is five times too high, for comparison.
#[tokio::test(start_paused = true)]
async fn figures_of_windows_that_were_declared_wrong() {
    for resets in [Resets::Decimals, Resets::Seconds, Resets::Epoch] {
        for way in [0, 1, 2, 6] {
            let figures = scenario(resets, (150.0, 150), way, ms(0)).await;
            assert_eq!(figures.failed, 0, "{figures}");
        }
    }
}
