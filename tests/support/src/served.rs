//! Providers behind a real HTTP server on loopback.
//!
//! A request says in its query how it turns out: `/?resource=core&input=100&max_output=400&output=120&points=5`. What is
//! left out is zero.

use core::convert::Infallible;
use core::net::SocketAddr;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Instant;
use std::time::SystemTime;

use http::Response;
use http::StatusCode;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::provider::Request;
use crate::provider::Service;
use crate::provider::Usage;

/// Resources that requests can ask for.
const RESOURCES: [&str; 3] = ["core", "search", "graphql"];

/// A server that runs until it is dropped, on a thread of its own.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    running: Arc<Running>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Running {
    start: Instant,
    service: Mutex<Service>,
}

impl Served {
    /// Starts a server. Its dates are those of this machine.
    ///
    /// # Errors
    ///
    /// When no port or no thread can be had.
    pub fn start(service: Service) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let service = service.started(since_1970.map_err(io::Error::other)?);
        let running = Arc::new(Running {
            start: Instant::now(),
            service: Mutex::new(service),
        });
        runtime.spawn(serve(listener, Arc::clone(&running)));
        Ok(Self {
            address,
            running,
            runtime: Some(runtime),
        })
    }

    /// Returns the URL of a request.
    pub fn url(&self, request: &Request) -> String {
        let Request {
            resource,
            input,
            max_output,
            output,
            points,
        } = request;
        let (address, resource) = (self.address, resource);
        format!(
            "http://{address}/?resource={resource}&input={input}&max_output={max_output}&output={output}&points={points}"
        )
    }

    /// Returns the address.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the record of each row.
    pub fn usage(&self) -> Vec<Usage> {
        self.running.service().usage()
    }

    /// Returns the number of requests that were refused.
    pub fn refused(&self) -> u32 {
        self.running.service().refused()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // A runtime may not be dropped by waiting for it inside another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Running {
    fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, query: &str) -> Response<Full<Bytes>> {
        let request = parsed(query);
        let answer = self.service().ask(self.start.elapsed(), &request);
        sleep(answer.takes).await;
        let mut response = Response::new(Full::new(Bytes::from(answer.body)));
        *response.status_mut() = StatusCode::from_u16(answer.status).expect("a status");
        *response.headers_mut() = answer.headers;
        response
    }
}

async fn serve(listener: std::net::TcpListener, running: Arc<Running>) {
    let listener = TcpListener::from_std(listener).expect("a listener that does not block");
    while let Ok((stream, _)) = listener.accept().await {
        // Without it, the answer's second packet waits for the first one's acknowledgement.
        let _ = stream.set_nodelay(true);
        let running = Arc::clone(&running);
        let service = service_fn(move |request: http::Request<_>| {
            let running = Arc::clone(&running);
            async move {
                let query = request.uri().query().unwrap_or_default();
                Ok::<_, Infallible>(running.answer(query).await)
            }
        });
        let mut builder = http1::Builder::new();
        // Dates of whole seconds are no help where minutes are as short.
        let builder = builder.auto_date_header(false);
        tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
    }
}

fn parsed(query: &str) -> Request {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let amount = |name| value(name).and_then(|text| text.parse().ok()).unwrap_or(0);
    let resource = value("resource").unwrap_or_default();
    let known = RESOURCES.into_iter().find(|known| *known == resource);
    Request {
        resource: known.unwrap_or_default(),
        input: amount("input"),
        max_output: amount("max_output"),
        output: amount("output"),
        points: amount("points"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_how_a_request_turns_out() {
        let query = "resource=search&input=3&max_output=x&points=5";
        let request = Request {
            input: 3,
            ..Request::for_resource("search", 5)
        };
        assert_eq!(parsed(query), request);
    }
}
