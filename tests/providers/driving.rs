//! Callers of a provider on the paused clock.

use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use futures_util::future::join_all;
use http::Response;
use http::StatusCode;
use test_support::provider::Prompts;
use test_support::provider::Request;
use test_support::provider::Service;
use test_support::provider::Usage;
use test_support::short::ms;
use tokio::time::Instant;
use tokio::time::sleep;

pub(crate) type Reply = io::Result<Response<String>>;

const CALLERS: u64 = 24;

/// Longest time on the way to the server, and back.
const WAY: u64 = 40;

#[derive(Debug)]
pub(crate) struct Server {
    start: Instant,
    service: Mutex<Service>,
}

impl Server {
    /// Sends a request. The ways are not equally long.
    pub(crate) async fn request(&self, request: &Request) -> Response<String> {
        let way = (request.input * 7 + request.output * 13) % WAY;
        sleep(ms(way)).await;
        let answer = self
            .service
            .lock()
            .unwrap()
            .ask(self.start.elapsed(), request);
        sleep(answer.takes + ms(WAY - way)).await;
        let mut response = Response::new(answer.body);
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
        *response.headers_mut() = answer.headers;
        response
    }
}

/// Record of a provider.
#[derive(Debug)]
pub(crate) struct Figures {
    usage: Vec<Usage>,
    failed: usize,
}

impl Figures {
    /// Checks that no request was refused, and that the row was used up to at least this share.
    pub(crate) fn holds(&self, row: &str, least: f64) {
        for usage in &self.usage {
            let (share, refused) = (usage.share(), usage.refused);
            println!(
                "{}: {} of {:.0}, {share:.3}, {refused} refused",
                usage.name,
                usage.total(),
                usage.offered
            );
        }
        let refused: u32 = self.usage.iter().map(|row| row.refused).sum();
        assert_eq!((refused, self.failed), (0, 0), "refused and failed");
        let usage = self.usage.iter().find(|usage| usage.name == row);
        let share = usage.expect("a row of this name").share();
        assert!(share >= least, "{share} of {row}");
    }
}

/// Lets callers call again and again for so many minutes.
pub(crate) async fn drive(
    service: Service,
    minutes: u32,
    call: impl AsyncFn(&Server, &Request) -> Reply,
) -> Figures {
    let start = Instant::now();
    let server = Arc::new(Server {
        start,
        service: Mutex::new(service),
    });
    let callers = (0..CALLERS).map(async |series| {
        let (mut failed, mut prompts) = (0, Prompts::new(series));
        while start.elapsed() < Duration::from_secs(60) * minutes {
            let prompt = prompts.next().unwrap();
            let reply = call(&server, &prompt).await;
            failed += usize::from(!reply.is_ok_and(|reply| reply.status().is_success()));
        }
        failed
    });
    let failed = join_all(callers).await.into_iter().sum();
    let usage = server.service.lock().unwrap().usage();
    Figures { usage, failed }
}

/// Returns the number of this name in the body.
fn number(reply: &Response<String>, name: &str) -> Option<u64> {
    let body: serde_json::Value = serde_json::from_str(reply.body()).ok()?;
    body.pointer(name)?.as_u64()
}

pub(crate) fn total_of(reply: &Response<String>) -> Option<u64> {
    number(reply, "/usage/total_tokens")
}

pub(crate) fn output_of(reply: &Response<String>) -> Option<u64> {
    number(reply, "/usage/output_tokens")
}

pub(crate) fn points_of(reply: &Response<String>) -> Option<u64> {
    number(reply, "/extensions/cost/actualQueryCost")
}
