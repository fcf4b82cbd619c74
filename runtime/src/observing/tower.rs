//! `tower` layer for any HTTP client.

use core::future::Future;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use core::task::ready;

use tower_layer::Layer;
use tower_service::Service;

use crate::signal::ResponseExt;

/// Layer that reports every response of a client to the limiter of the current call, so that the body of the function
/// need not call [`ResponseExt::observe`](crate::ResponseExt::observe).
///
/// The client returns `http::Response`s or `reqwest::Response`s; a `reqwest::Client` is such a service itself. The
/// response has to arrive in the task of the call, as it does with a buffered service (`tower::buffer`). A response
/// that the client receives in another task is not reported.
///
/// # Examples
///
/// ```
/// use paced::tower::ObserveLayer;
/// use std::convert::Infallible;
/// use tower_layer::Layer as _;
/// use tower_service::Service as _;
/// # struct Client;
/// # impl tower_service::Service<()> for Client {
/// #     type Response = http::Response<()>;
/// #     type Error = Infallible;
/// #     type Future = std::future::Ready<Result<http::Response<()>, Infallible>>;
/// #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
/// #         std::task::Poll::Ready(Ok(()))
/// #     }
/// #     fn call(&mut self, _: ()) -> Self::Future { std::future::ready(Ok(http::Response::new(()))) }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Infallible> {
/// let mut client = ObserveLayer::new().layer(Client);
/// assert_eq!(client.call(()).await?.status(), 200);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ObserveLayer {}

impl ObserveLayer {
    /// Returns the layer.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::tower::ObserveLayer;
    ///
    /// const OBSERVE: ObserveLayer = ObserveLayer::new();
    /// assert_eq!(format!("{OBSERVE:?}"), "ObserveLayer");
    /// ```
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = Observe<S>;

    fn layer(&self, client: S) -> Observe<S> {
        Observe { client }
    }
}

/// Client whose responses are reported to the limiter of the current call. [`ObserveLayer`] makes it.
///
/// # Examples
///
/// ```
/// use paced::tower::{Observe, ObserveLayer};
/// use tower_layer::Layer as _;
/// # #[derive(Debug)] struct Client;
///
/// let client: Observe<Client> = ObserveLayer::new().layer(Client);
/// assert_eq!(format!("{client:?}"), "Observe { client: Client }");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Observe<S> {
    client: S,
}

impl<S, Request> Service<Request> for Observe<S>
where
    S: Service<Request>,
    S::Response: ResponseExt,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ObserveFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.client.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        ObserveFuture {
            response: self.client.call(request),
        }
    }
}

pin_project_lite::pin_project! {
    /// Future of a response. When the response arrives, it is reported to the limiter of the current call.
    ///
    /// # Cancel safety
    ///
    /// As safe as the client's own future. A response that has not arrived is not reported.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::tower::{Observe, ObserveFuture};
    /// use tower_service::Service;
    ///
    /// fn send<S>(client: &mut Observe<S>) -> ObserveFuture<S::Future>
    /// where
    ///     S: Service<(), Response = http::Response<()>>,
    /// {
    ///     client.call(())
    /// }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct ObserveFuture<F> {
        #[pin]
        response: F,
    }
}

impl<F: Future<Output = Result<R, E>>, R: ResponseExt, E> Future for ObserveFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let response = ready!(self.project().response.poll(cx));
        Poll::Ready(response.map(R::observe))
    }
}
