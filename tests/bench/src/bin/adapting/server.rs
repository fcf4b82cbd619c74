//! A real HTTP server on loopback that enforces a limit and notes what it did.

use core::convert::Infallible;
use core::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use test_support::kinds::Kind;
use test_support::limit::Answer;
use test_support::limit::Limit;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

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
    headers: bool,
    start: Instant,
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
        let limit = Limit::new(manner.kind.rule(), manner.counts_refused);
        let desk = Arc::new(Desk {
            headers: manner.headers,
            start: Instant::now(),
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
            let answer = limit.0.ask(at - self.start);
            limit.1.push(Entry { at, answer });
            answer
        };
        let mut response = Response::new(Full::new(Bytes::from_static(b"ok")));
        *response.status_mut() = answer.status();
        if self.headers {
            *response.headers_mut() = answer.headers();
        }
        response
    }
}
