//! A `tower` layer around any HTTP client.

use core::future::Future;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use core::task::ready;

use tower_layer::Layer;
use tower_service::Service;

use crate::signal::ResponseExt;

/// Shows every response of a client to the limiter of the call whose body uses it.
///
/// The `tower` form of [`ResponseExt::observe`](crate::ResponseExt::observe): with it the body need
/// not call `observe`. Responses that the client gets in a task of its own are not seen; buffered
/// services (`tower::buffer`) answer in the caller's task, so they are. The responses may be
/// `http::Response`s or `reqwest::Response`s: a `reqwest::Client` is such a service itself.
///
/// ```
/// # use paced::tower::ObserveLayer;
/// use tower_layer::Layer as _;
///
/// # let client = ();
/// let client = ObserveLayer::new().layer(client);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ObserveLayer {}

impl ObserveLayer {
    /// The layer.
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

/// A client inside an [`ObserveLayer`].
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
    /// The future of a response that is shown to the limiter.
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
