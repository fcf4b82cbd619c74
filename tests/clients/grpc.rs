//! A tonic client and a tonic server, in real time.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use http::uri::PathAndQuery;
use paced::Failure;
use paced::rate_limited;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tonic::Code;
use tonic::Request;
use tonic::Status;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::transport::Endpoint;
use tonic_prost::ProstCodec;
use tonic_types::ErrorDetails;
use tonic_types::StatusExt as _;

use crate::grpc_server::start;
use crate::refusals::Refusals;

/// Makes one call.
pub(crate) async fn send(channel: &Channel, id: u64) -> Result<(), Status> {
    let mut client = Grpc::new(channel.clone());
    let ready = client.ready().await;
    ready.map_err(|error| Status::from_error(Box::new(error)))?;
    let mut request = Request::new(());
    request.metadata_mut().insert("id", id.into());
    let path = PathAndQuery::from_static("/test.Api/Call");
    let codec = ProstCodec::<(), ()>::default();
    client.unary(request, path, codec).await.map(|_| ())
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Channel::from_shared(format!("http://{address}")).unwrap()
}

fn id(request: &Request<()>) -> u64 {
    let id = request.metadata().get("id").unwrap();
    id.to_str().unwrap().parse().unwrap()
}

/// Refuses with a `RetryInfo`, and in the metadata.
async fn serve_refusals(refusals: Refusals) -> SocketAddr {
    start(move |request| {
        let Some(refusal) = refusals.next(id(request), Duration::from_millis(150)) else {
            return Ok(());
        };
        let code = if refusal.outage {
            Code::Unavailable
        } else {
            Code::ResourceExhausted
        };
        let details = refusal
            .delay
            .map(|delay| ErrorDetails::with_retry_info(Some(delay)));
        Err(Status::with_error_details(
            code,
            "later",
            details.unwrap_or_default(),
        ))
    })
    .await
}

#[tokio::test]
async fn without_the_attribute_fifteen_of_twenty_calls_fail() {
    let channel = endpoint(serve_refusals(Refusals::default()).await).connect_lazy();
    let calls = (0..20).map(|id| send(&channel, id));
    let failed = join_all(calls).await.into_iter().filter(Result::is_err);
    assert_eq!(failed.count(), 15);
}

#[tokio::test]
async fn no_call_fails_and_no_delay_is_undercut() {
    #[rate_limited(rate = 500, max_retries = 15, backoff(base = "10ms", jitter = "none"))]
    async fn call(channel: &Channel, id: u64) -> Result<(), Status> {
        send(channel, id).await
    }
    let refusals = Refusals::default();
    let channel = endpoint(serve_refusals(refusals.clone()).await).connect_lazy();
    for outcome in join_all((0..20).map(|id| call(&channel, id))).await {
        outcome.unwrap();
    }
    refusals.assert_all_served();
}

/// Retries whatever may be retried, and tells why the last attempt was made.
#[rate_limited(
    rate = 1000,
    max_retries = 1,
    idempotent,
    backoff(base = "1ms", jitter = "none")
)]
async fn repeat(channel: &Channel, seen: &Seen) -> Result<(), Status> {
    seen.attempts.fetch_add(1, Ordering::SeqCst);
    if let Some(failure) = paced::attempt().previous() {
        assert_eq!(failure, seen.wanted);
    }
    send(channel, 1).await
}

#[derive(Debug)]
struct Seen {
    attempts: AtomicUsize,
    wanted: Failure,
}

/// Asserts that a call through `channel` fails twice, the first time with `wanted`.
async fn fails_with(channel: &Channel, wanted: Failure) {
    let attempts = AtomicUsize::new(0);
    let seen = Seen { attempts, wanted };
    repeat(channel, &seen).await.unwrap_err();
    assert_eq!(seen.attempts.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_server_that_is_not_there_has_got_nothing() {
    // Bound, so that no other program listens there, and not listened on.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let channel = endpoint(socket.local_addr().unwrap()).connect_lazy();
    fails_with(&channel, Failure::Connect).await;
}

#[tokio::test]
async fn a_connection_that_breaks_and_a_timeout_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // The preface and the request, to be dropped with the connection.
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    fails_with(&endpoint(address).connect_lazy(), Failure::Reset).await;

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = endpoint(silent.local_addr().unwrap()).timeout(Duration::from_millis(100));
    fails_with(&endpoint.connect_lazy(), Failure::Timeout).await;
}

#[tokio::test]
async fn a_request_that_would_fail_again_is_sent_once() {
    for code in [
        Code::Unauthenticated,
        Code::PermissionDenied,
        Code::NotFound,
        Code::InvalidArgument,
        Code::Aborted,
        Code::DataLoss,
        Code::Unimplemented,
    ] {
        let address = start(move |_| Err(Status::new(code, "no"))).await;
        let channel = endpoint(address).connect_lazy();
        let (attempts, wanted) = (AtomicUsize::new(0), Failure::Other);
        let seen = Seen { attempts, wanted };
        assert_eq!(repeat(&channel, &seen).await.unwrap_err().code(), code);
        assert_eq!(seen.attempts.load(Ordering::SeqCst), 1, "{code:?}");
    }
}
