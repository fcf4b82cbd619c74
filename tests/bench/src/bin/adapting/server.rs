//! A real HTTP server on loopback that enforces a limit and notes what it did.

use core::convert::Infallible;
use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

use http_body_util::Full;
use hyper::Response;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::limit::Answer;
use crate::limit::Kind;
use crate::limit::Limit;

/// Settings of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) kind: Kind,
    /// Whether it says what is left, and when to come back.
    pub(crate) headers: bool,
    pub(crate) counts_refused: bool,
}

/// A request, as the server saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    pub(crate) answer: Answer,
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    desk: Arc<Desk>,
    runtime: Option<Runtime>,
}

struct Desk {
    manner: Manner,
    limit: Mutex<(Limit, Vec<Entry>)>,
}

impl Server {
    /// Serves from a thread of its own.
    pub(crate) fn start(manner: Manner) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let limit = Limit::new(manner.kind, manner.counts_refused);
        let desk = Arc::new(Desk {
            manner,
            limit: Mutex::new((limit, Vec::new())),
        });
        runtime.spawn(serve(listener, Arc::clone(&desk)));
        Ok(Self {
            address,
            desk,
            runtime: Some(runtime),
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Every request so far.
    pub(crate) fn log(&self) -> Vec<Entry> {
        let limit = self
            .desk
            .limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        limit.1.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A runtime may not be dropped by waiting for it inside another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: std::net::TcpListener, desk: Arc<Desk>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    while let Ok((stream, _)) = listener.accept().await {
        // Without it, the answer's second packet waits for the first one's acknowledgement.
        let _ = stream.set_nodelay(true);
        let desk = Arc::clone(&desk);
        let service = service_fn(move |_| {
            let response = desk.answer();
            async { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl Desk {
    fn answer(&self) -> Response<Full<Bytes>> {
        let answer = {
            let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
            let at = Instant::now();
            let answer = limit.0.ask(at);
            limit.1.push(Entry { at, answer });
            answer
        };
        let mut response = Response::new(Full::new(Bytes::from_static(b"ok")));
        if answer.verdict.is_err() {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        if self.manner.headers {
            let mut add = |name, value: u64| response.headers_mut().insert(name, value.into());
            add("x-ratelimit-limit", answer.limit.into());
            add("x-ratelimit-remaining", answer.remaining.into());
            add("x-ratelimit-reset", whole_seconds(answer.reset));
            if let Err(wait) = answer.verdict {
                add("retry-after", whole_seconds(wait));
            }
        }
        response
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
