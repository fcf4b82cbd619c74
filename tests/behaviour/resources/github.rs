//! A server with two resources, each with a fixed window, as GitHub has.

use core::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::limiter;
use crate::support::ms;
use crate::support::response;
use crate::support::since;

/// A fixed window of ten seconds.
#[derive(Debug)]
struct Resource {
    name: &'static str,
    limit: u64,
    /// The window of the last request, and how many it had.
    counted: (u64, u64),
}

#[derive(Debug)]
struct Server {
    start: Instant,
    resources: Mutex<[Resource; 2]>,
    refused: Mutex<u32>,
}

impl Server {
    fn new() -> Arc<Self> {
        let resource = |name, limit| Resource {
            name,
            limit,
            counted: (0, 0),
        };
        Arc::new(Self {
            start: Instant::now(),
            resources: Mutex::new([resource("core", 80), resource("search", 10)]),
            refused: Mutex::new(0),
        })
    }

    async fn request(&self, which: usize) -> Response<String> {
        sleep(ms(25)).await;
        let millis = since(self.start);
        let (name, limit, count) = {
            let mut resources = self.resources.lock().unwrap();
            let resource = &mut resources[which];
            let (window, count) = resource.counted;
            let count = if window == millis / 10_000 {
                count + 1
            } else {
                1
            };
            resource.counted = (millis / 10_000, count);
            (resource.name, resource.limit, count)
        };
        let status = if count > limit { 403 } else { 200 };
        if count > limit {
            *self.refused.lock().unwrap() += 1;
        }
        sleep(ms(25)).await;
        let headers = [
            ("x-ratelimit-resource", name.to_owned()),
            ("x-ratelimit-limit", limit.to_string()),
            (
                "x-ratelimit-remaining",
                limit.saturating_sub(count).to_string(),
            ),
            (
                "x-ratelimit-reset",
                (10 - millis % 10_000 / 1000).to_string(),
            ),
        ];
        response(status, &headers.each_ref().map(|(k, v)| (*k, v.as_str())))
    }
}

#[rate_limited(limiter = limiter, max_retries = 20)]
async fn core(limiter: Limiter, server: Arc<Server>) -> io::Result<Response<String>> {
    Ok(server.request(0).await)
}

#[rate_limited(limiter = limiter, max_retries = 20)]
async fn search(limiter: Limiter, server: Arc<Server>) -> io::Result<Response<String>> {
    Ok(server.request(1).await)
}

/// Seconds in which four workers make `calls`.
async fn work<F, R>(calls: u32, call: F) -> f64
where
    F: Fn() -> R + Clone + Send + 'static,
    R: Future<Output = io::Result<Response<String>>> + Send,
{
    let (start, mut workers) = (Instant::now(), JoinSet::new());
    for _ in 0..4 {
        let call = call.clone();
        workers.spawn(async move {
            for _ in 0..calls / 4 {
                assert_eq!(call().await.unwrap().status(), 200);
            }
        });
    }
    workers.join_all().await;
    start.elapsed().as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn each_resource_is_used_as_far_as_it_goes() {
    let (server, limiter) = (Server::new(), limiter(10.0, 10));
    let (one, other) = (
        (limiter.clone(), Arc::clone(&server)),
        (limiter, Arc::clone(&server)),
    );
    let (cores, searches) = tokio::join!(
        work(400, move || core(one.0.clone(), Arc::clone(&one.1))),
        work(100, move || search(other.0.clone(), Arc::clone(&other.1))),
    );
    // Windows of 80 and of 10: four of them and a part, nine of them and a part.
    assert!((40.0..=52.0).contains(&cores), "{cores}");
    assert!((90.0..=93.0).contains(&searches), "{searches}");
    let refused = *server.refused.lock().unwrap();
    assert!(refused <= 5, "{refused}");
}
