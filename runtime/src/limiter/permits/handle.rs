//! Handles of a limiter: name, declaration, clone and drop.

use core::fmt;
use std::sync::Arc;

use crate::limiter::Limiter;
use crate::limiter::names::registry;

impl Limiter {
    /// Returns the name that the program knows the limiter by: the one that it was declared with, or the path of its
    /// function. `None` for a limiter in a `static`, and others made by [`new`](Self::new).
    ///
    /// # Examples
    ///
    /// ```
    /// # use core::num::NonZeroU32;
    /// # use paced::{Limiter, Quota};
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// assert_eq!(Limiter::builder(quota).name("github").build()?.name(), Some("github"));
    /// assert_eq!(Limiter::new(quota).name(), None);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.shared().name().map(|name| &**name)
    }

    /// Returns whether the limiter has been declared. `false`: it is a handle that
    /// [`paced::limiter`](crate::limiter()) returned for a name that no function has used so far and that was
    /// not declared. After the program's first calls, that is a misspelt name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core::num::NonZeroU32;
    /// # use paced::{Limiter, Quota};
    /// let handle = paced::limiter("github");
    /// assert!(!handle.is_declared());
    /// let github = Limiter::builder(Quota::per_second(NonZeroU32::new(5).unwrap())).name("github").build()?;
    /// assert!(handle.is_declared() && github.is_declared());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn is_declared(&self) -> bool {
        self.shared()
            .name()
            .is_none_or(|name| registry::is_declared(name, self.shared()))
    }
}

impl Clone for Limiter {
    fn clone(&self) -> Self {
        Self::of(self.quota, Arc::clone(self.shared()))
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.get() {
            if shared.name().is_some() && Arc::strong_count(shared) <= 2 {
                registry::released(shared);
            }
        }
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("name", &self.name())
            .field("is_declared", &self.is_declared())
            .field("snapshot", &self.snapshot())
            .finish()
    }
}
