//! Clients that show every response to the limiter of their own accord.

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
