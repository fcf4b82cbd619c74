//! Finding an [`Error`] in the errors that were made of it.

use std::error::Error as StdError;
use std::io;

use crate::error::Error;

/// Errors name their sources at will, themselves included; no chain is this long.
const DEEPEST: usize = 64;

impl Error {
    /// Finds the refusal in an error, or in what the error came from.
    ///
    /// A call that is refused before it is made returns the function's own error type: this error as it is or
    /// converted, or a `reqwest::Error`, a `tonic::Status`, a `ureq::Error`, a `std::io::Error`, `anyhow::Error` or boxed
    /// error that has it as its source.
    /// `find` takes all of them by reference, and errors of your own whose
    /// [`source`](core::error::Error::source) leads to one. An enum of `thiserror` whose variant for this error is
    /// `#[error(transparent)]` passes the source on and hides the error: give the variant a text of its own.
    ///
    /// `None` for the outcome of the call itself, such as the server's 429 after the last retry.
    ///
    /// ```
    /// use std::io;
    /// use std::time::Duration;
    ///
    /// #[paced::rate_limited(rate = 1, burst = 1, max_wait = "1ms")]
    /// async fn ping() -> io::Result<()> {
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> io::Result<()> {
    /// ping().await?;
    /// let error = ping().await.expect_err("the next permit comes in a second");
    /// let refusal = paced::Error::find(&error).expect("not an error of the network");
    /// assert!(refusal.is_max_wait());
    /// assert_eq!(refusal.retry_after(), Some(Duration::from_secs(1)));
    ///
    /// let boxed: Box<dyn std::error::Error> = error.into();
    /// assert!(paced::Error::find(&boxed).is_some());
    /// # Ok(()) }
    /// ```
    pub fn find<E: Findable<How> + ?Sized, How>(error: &E) -> Option<&Self> {
        error.links().find_map(|link| link.downcast_ref())
    }
}

/// Types that [`Error::find`] can look into; `How` tells the compiler in which way.
pub trait Findable<How> {
    /// Returns the error and what it came from.
    #[doc(hidden)]
    fn links(&self) -> Links<'_>;
}

/// An error and what it came from, one after the other.
#[derive(Debug)]
pub struct Links<'a> {
    next: Option<&'a (dyn StdError + 'static)>,
    left: usize,
}

impl<'a> Links<'a> {
    /// Returns the chain from `first` on.
    pub(crate) fn from(first: Option<&'a (dyn StdError + 'static)>) -> Self {
        Self {
            next: first,
            left: DEEPEST,
        }
    }
}

impl<'a> Iterator for Links<'a> {
    type Item = &'a (dyn StdError + 'static);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let link = self.next?;
        self.next = inner(link).or_else(|| link.source());
        Some(link)
    }
}

/// Returns the error inside an error that is not its source.
fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    #[cfg(feature = "reqwest-middleware")]
    if let Some(error) = error.downcast_ref::<reqwest_middleware::Error>() {
        return Some(match error {
            reqwest_middleware::Error::Middleware(error) => error.as_ref(),
            reqwest_middleware::Error::Reqwest(error) => error,
        });
    }
    #[cfg(feature = "ureq")]
    if let Some(error) = error.downcast_ref::<::ureq::Error>() {
        return super::ureq::inner(error);
    }
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(inner)
}

/// An error whose type is known.
#[derive(Debug)]
pub enum Typed {}

/// An error of any type, also in a box that need not be shared between threads.
#[derive(Debug)]
pub enum Erased {}

/// A box that can be shared between threads, or what is like one.
#[derive(Debug)]
pub enum Boxed {}

impl<E: StdError + 'static> Findable<Typed> for E {
    fn links(&self) -> Links<'_> {
        Links::from(Some(self))
    }
}

/// `anyhow::Error` and `eyre::Report` among them.
impl<E: AsRef<dyn StdError + Send + Sync + 'static>> Findable<Boxed> for E {
    fn links(&self) -> Links<'_> {
        Links::from(Some(self.as_ref()))
    }
}

macro_rules! erased {
    ($($error:ty, $this:ident => $as_error:expr;)*) => {$(
        impl Findable<Erased> for $error {
            fn links(&self) -> Links<'_> {
                let $this = self;
                Links::from(Some($as_error))
            }
        }
    )*};
}

erased! {
    dyn StdError, error => error;
    dyn StdError + Send, error => error;
    dyn StdError + Send + Sync, error => error;
    Box<dyn StdError>, error => &**error;
    Box<dyn StdError + Send>, error => &**error;
}
