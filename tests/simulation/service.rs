//! A web service that calls a server with a limit, and has 2 s for each call.

use core::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::errors::TooLate;
use crate::support::ending;
use crate::support::limiter;
use crate::support::ms;
use crate::support::secs;
use crate::window::Resets;
use crate::window::Ways;
use crate::window::Windows;

#[derive(Clone, Copy, Debug)]
struct Figures {
    calls: u32,
    /// Calls that the limiter refused.
    too_late: u32,
    /// Requests that the server refused.
    refusals: u32,
    /// Calls that ended with a refusal of the server.
    failed: u32,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} calls refused as too late, {} refusals of the server, {} failed",
            self.too_late, self.calls, self.refusals, self.failed
        )
    }
}

#[rate_limited(limiter = limiter, deadline = "2s")]
async fn request(limiter: &Limiter, server: &Windows) -> Result<Response<()>, TooLate> {
    Ok(server.request().await)
}

/// So many calls once a second, declared at 50/s as the server has it, which answers after `back`
/// milliseconds.
async fn scenario(resets: Resets, back: u64, arrivals: u32, seconds: u32) -> Figures {
    let (limiter, ways) = (limiter(50.0, 50), Ways::Back(ms(back)));
    let server = Windows::new((50, secs(1)), resets, ways, ms(0));
    let server = Arc::new(server);
    let (too_late, failed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut calls = JoinSet::new();
    for _ in 0..seconds {
        for _ in 0..arrivals {
            let (limiter, server) = (limiter.clone(), Arc::clone(&server));
            let (too_late, failed) = (Arc::clone(&too_late), Arc::clone(&failed));
            calls.spawn(async move {
                match request(&limiter, &server).await {
                    Ok(response) if response.status().is_success() => {}
                    Ok(_) => _ = failed.fetch_add(1, Ordering::Relaxed),
                    Err(_) => _ = too_late.fetch_add(1, Ordering::Relaxed),
                }
            });
        }
        sleep(secs(1)).await;
    }
    ending(calls.join_all()).await;
    let figures = Figures {
        calls: arrivals * seconds,
        too_late: too_late.load(Ordering::Relaxed),
        refusals: server.refused(),
        failed: failed.load(Ordering::Relaxed),
    };
    println!(
        "web service: {resets:?} told after {back} ms, {arrivals}/s for {seconds} s: {figures}"
    );
    figures
}

/// Runs in which the limiter refused calls.
async fn refusing(resets: Resets) -> Vec<String> {
    let mut refused = Vec::new();
    for back in [10, 20, 100] {
        for seconds in [20, 60] {
            for arrivals in [40, 46, 48, 50] {
                let figures = scenario(resets, back, arrivals, seconds).await;
                if figures.too_late > 0 {
                    refused.push(format!("{arrivals}/s after {back} ms: {figures}"));
                }
            }
        }
    }
    refused
}

#[tokio::test(start_paused = true)]
async fn no_call_is_refused_that_would_have_been_in_time() {
    assert_eq!(refusing(Resets::Seconds).await, [""; 0]);
}

/// Nothing is promised here: an end told as an instant may seem to be up to a second later than it is.
#[tokio::test(start_paused = true)]
async fn figures_of_ends_that_are_told_as_instants() {
    let refused = refusing(Resets::Epoch).await;
    println!("web service: {} runs with calls refused", refused.len());
}
