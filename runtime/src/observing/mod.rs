//! Layers for HTTP clients that report every response to the limiter.

#[cfg(feature = "reqwest-middleware")]
mod middleware;
#[cfg(feature = "tower")]
mod tower;

#[cfg(feature = "reqwest-middleware")]
pub use self::middleware::ObserveMiddleware;
#[cfg(feature = "tower")]
pub use self::tower::Observe;
#[cfg(feature = "tower")]
pub use self::tower::ObserveFuture;
#[cfg(feature = "tower")]
pub use self::tower::ObserveLayer;
