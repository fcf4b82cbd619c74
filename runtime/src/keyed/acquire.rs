//! Waiting for a permit of a key.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use std::sync::Arc;

use crate::clock;
use crate::error::Error;
use crate::limiter::Shared;

use super::KeyId;
use super::KeyedPermit;
use super::Keys;
use super::Taken;
use super::digest::KeyDigest;
use super::permit::KeptLimiter;

/// Future of [`Keyed::acquire`](crate::Keyed::acquire). It takes no place in a queue before it is polled. It holds no key.
///
/// # Cancel safety
///
/// Dropping it gives up its place in the queue, as [`Limiter::acquire`](crate::Limiter::acquire) says.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{AcquireKey, Keyed, Quota};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let tenants: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// let acquire: AcquireKey<'_> = tenants.acquire(&7);
/// assert_eq!(tenants.snapshot(&7).available, 5);
/// acquire.await?;
/// assert_eq!(tenants.snapshot(&7).available, 4);
/// # Ok(()) }
/// ```
#[must_use = "no permit is taken before the future is awaited"]
pub struct AcquireKey<'a> {
    keys: &'a Arc<Keys>,
    fingerprint: u64,
    cost: u32,
    /// The wait for the key's limiter, once there has to be one.
    wait: Option<Pin<Box<KeyWait>>>,
}

type KeyWait = dyn Future<Output = Result<Option<KeptLimiter>, Error>> + Send + Sync;

impl<'a> AcquireKey<'a> {
    pub(super) const fn new(keys: &'a Arc<Keys>, fingerprint: u64, cost: u32) -> Self {
        Self {
            keys,
            fingerprint,
            cost,
            wait: None,
        }
    }

    /// Returns the future of a key whose limits are in a store.
    pub(super) fn in_store(keys: &'a Arc<Keys>, digest: KeyDigest, cost: u32) -> Self {
        let own = Arc::clone(keys);
        let wait = async move {
            #[cfg(feature = "test-util")]
            if crate::context::unpaced::is_on() {
                return Ok(None);
            }
            if !own.further().is_empty() {
                return own.take_together(KeyId::Digest(digest), cost).await;
            }
            let limiter = own.limiter_in_store(digest)?;
            let handle = own.handle(Arc::clone(&limiter));
            let permit = handle.acquire_many(cost).await?;
            Ok(Some(KeptLimiter::in_store(limiter, permit)))
        };
        Self {
            keys,
            fingerprint: 0,
            cost,
            wait: Some(Box::pin(wait)),
        }
    }

    #[cold]
    fn wait(
        &mut self,
        limiter: Option<Arc<Shared>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<KeyedPermit<'a>, Error>> {
        let (keys, fingerprint, cost) = (self.keys, self.fingerprint, self.cost);
        let wait = self.wait.get_or_insert_with(|| {
            let limiter = limiter.map(|limiter| (keys.handle(Arc::clone(&limiter)), limiter));
            Box::pin(async move {
                let Some((handle, limiter)) = limiter else {
                    return Ok(None);
                };
                let permit = handle.acquire_many(cost).await?;
                Ok(KeptLimiter::in_process(&limiter, permit))
            })
        });
        let outcome = core::task::ready!(wait.as_mut().poll(cx));
        self.wait = None;
        let permit = |kept| KeyedPermit::keeping(keys, fingerprint, clock::now(), kept);
        Poll::Ready(outcome.map(permit).map_err(|error| keys.named(error)))
    }
}

impl<'a> AcquireKey<'a> {
    /// Waits for permits of the key and of all keys.
    #[cold]
    fn wait_for_all(&mut self, cx: &mut Context<'_>) -> Poll<Result<KeyedPermit<'a>, Error>> {
        let (keys, fingerprint, cost) = (Arc::clone(self.keys), self.fingerprint, self.cost);
        let id = KeyId::Fingerprint(fingerprint);
        let wait = async move { keys.take_together(id, cost).await };
        self.wait = Some(Box::pin(wait));
        self.wait(None, cx)
    }
}

impl<'a> Future for AcquireKey<'a> {
    type Output = Result<KeyedPermit<'a>, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.wait.is_some() {
            return self.wait(None, cx);
        }
        let (keys, fingerprint, now) = (self.keys, self.fingerprint, clock::quick());
        let granted = || Poll::Ready(Ok(KeyedPermit::new(keys, fingerprint, now)));
        #[cfg(feature = "test-util")]
        if crate::context::unpaced::is_on() {
            return granted();
        }
        if self.cost == 0 {
            return granted();
        }
        if !keys.further().is_empty() {
            return self.wait_for_all(cx);
        }
        match keys.admit::<false>(fingerprint, self.cost, now) {
            Some(Taken::Granted) => granted(),
            Some(Taken::Limiter(limiter)) => self.wait(Some(limiter), cx),
            None => Poll::Ready(Err(keys.exhausted())),
        }
    }
}

/// Shows no key.
impl fmt::Debug for AcquireKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireKey")
            .field("cost", &self.cost)
            .field("waits", &self.wait.is_some())
            .finish_non_exhaustive()
    }
}
