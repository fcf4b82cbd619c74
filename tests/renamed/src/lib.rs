//! A crate of another edition that knows `paced` under another name, and through paths of its own.

#![deny(rust_2024_compatibility)]

use std::sync::atomic::{AtomicU32, Ordering};

use my_paced::rate_limited;

/// Items that another crate of a family would offer to the rest of it.
pub mod reexport {
    pub use my_paced as inner;
}

/// Annotates a function for a crate that does not depend on `paced` itself.
#[macro_export]
macro_rules! paced_endpoint {
    ($(#[$attr:meta])* $vis:vis fn $name:ident($calls:ident) -> $ok:ty $body:block) => {
        #[$crate::reexport::inner::rate_limited(rate = 1000, max_retries = 1, crate = $crate::reexport::inner)]
        $(#[$attr])*
        $vis async fn $name($calls: &std::sync::atomic::AtomicU32) -> std::io::Result<$ok> $body
    };
}

fn refuse_once(calls: &AtomicU32) -> std::io::Result<u32> {
    match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Err(std::io::ErrorKind::ConnectionRefused.into()),
        earlier => Ok(earlier + 1),
    }
}

/// By the dependency's name.
///
/// # Errors
///
/// When the second call fails, too.
#[rate_limited(rate = 1000, crate = ::my_paced)]
pub async fn by_name(calls: &AtomicU32) -> std::io::Result<u32> {
    refuse_once(calls)
}

/// By a path inside this crate.
///
/// # Errors
///
/// When the second call fails, too.
#[rate_limited(rate = LIMIT, max_retries = 1 + 1, crate = crate::reexport::inner)]
pub async fn by_path(calls: &AtomicU32, names: Vec<String>) -> std::io::Result<usize> {
    refuse_once(calls)?;
    Ok(names.len())
}

const LIMIT: &str = "60000/min";

paced_endpoint! {
    /// By a macro's own path.
    ///
    /// # Errors
    ///
    /// When the second call fails, too.
    pub fn by_macro(calls) -> u32 { refuse_once(calls) }
}

/// Has methods in blocks.
#[derive(Debug)]
pub struct Api;

#[rate_limited(rate = 1000, crate = crate::reexport::inner)]
impl Api {
    /// In a block.
    ///
    /// # Errors
    ///
    /// When the second call fails, too.
    pub async fn in_block(&self, calls: &AtomicU32) -> std::io::Result<u32> {
        refuse_once(calls)
    }

    /// In a block, with more options.
    ///
    /// # Errors
    ///
    /// When the second call fails, too.
    #[rate_limited(inherit, max_retries = 1)]
    pub async fn inheriting(&self, calls: &AtomicU32) -> std::io::Result<u32> {
        refuse_once(calls)
    }

    /// In a block, left out.
    ///
    /// # Errors
    ///
    /// When the first call fails.
    #[rate_limited(skip)]
    #[expect(clippy::unused_async, reason = "it is not called like the others")]
    pub async fn skipped(&self, calls: &AtomicU32) -> std::io::Result<u32> {
        refuse_once(calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_path_leads_to_the_runtime() {
        let calls = [(); 6].map(|()| AtomicU32::new(0));
        assert_eq!(by_name(&calls[0]).await.ok(), Some(2));
        assert_eq!(by_path(&calls[1], vec![String::new()]).await.ok(), Some(1));
        assert_eq!(by_macro(&calls[2]).await.ok(), Some(2));
        assert_eq!(Api.in_block(&calls[3]).await.ok(), Some(2));
        assert_eq!(Api.inheriting(&calls[4]).await.ok(), Some(2));
        assert!(Api.skipped(&calls[5]).await.is_err());
        assert_eq!(calls.map(AtomicU32::into_inner), [2, 2, 2, 2, 2, 1]);
    }
}
