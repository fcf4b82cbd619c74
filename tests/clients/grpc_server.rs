//! A gRPC server on loopback with one method.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use tokio::net::TcpListener;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_prost::ProstCodec;
use tower_service::Service;

type Answering = dyn Fn(&Request<()>) -> Result<(), Status> + Send + Sync;
type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Starts a server that answers each call as `answer` says.
pub(crate) async fn start(
    answer: impl Fn(&Request<()>) -> Result<(), Status> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let method = Method(Arc::new(answer));
    let incoming = TcpIncoming::from(listener);
    tokio::spawn(Server::builder().serve_with_incoming(method, incoming));
    address
}

#[derive(Clone)]
struct Method(Arc<Answering>);

/// Service that the connection calls.
impl Service<http::Request<Body>> for Method {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<(), ()>::default());
            Ok(grpc.unary(method, request).await)
        })
    }
}

/// Method that gRPC calls.
impl Service<Request<()>> for Method {
    type Response = Response<()>;
    type Error = Status;
    type Future = BoxFuture<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let answer = (self.0)(&request).map(Response::new);
        Box::pin(async { answer })
    }
}
