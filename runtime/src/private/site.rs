//! What a rate-limited function keeps between its calls.

use std::sync::Arc;
use std::sync::OnceLock;

use crate::call::Call;
use crate::call::Config;
use crate::call::Keep;
use crate::call::Limits;
use crate::call::Refuse;
use crate::error::Error;
use crate::limiter;
use crate::limiter::Limiter;

use super::settings::Settings;

/// What a rate-limited function keeps between its calls, in a `static` of its own.
#[derive(Debug)]
pub struct Site {
    name: &'static str,
    settings: Option<Settings>,
    setup: OnceLock<Result<Setup, Error>>,
}

#[derive(Debug)]
struct Setup {
    config: Config,
    /// `None` where each call brings its limiter.
    limiter: Option<Limiter>,
}

impl Site {
    /// A function whose options are all known at compile time.
    pub const fn new(name: &'static str, settings: Settings) -> Self {
        Self { name, settings: Some(settings), setup: OnceLock::new() }
    }

    /// A function whose first call finds out its options.
    pub const fn lazy(name: &'static str) -> Self {
        Self { name, settings: None, setup: OnceLock::new() }
    }

    /// A call on the function's own limiter, or on one that it shares by name.
    #[inline]
    pub fn call<S: Keep, R: Refuse>(&'static self) -> Call<S, R> {
        self.call_with(|| Ok(self.settings.unwrap_or_default()))
    }

    /// A call whose limiter is an expression's value.
    pub fn call_on<S: Keep, R: Refuse>(&'static self, limiter: &Limiter) -> Call<S, R> {
        self.call_on_with(limiter, || Ok(self.settings.unwrap_or_default()))
    }

    /// [`call`](Self::call), with `find_out` for the options at the first call.
    #[inline]
    pub fn call_with<S: Keep, R: Refuse>(
        &'static self,
        find_out: impl FnOnce() -> Result<Settings, Error>,
    ) -> Call<S, R> {
        match self.setup.get_or_init(|| self.set_up(find_out)) {
            Ok(Setup { config, limiter: Some(limiter) }) => {
                Call::new(Ok(config), Limits::Static(limiter.shared()))
            }
            Ok(Setup { limiter: None, .. }) => self.unusable(Error::invalid(
                "the function has no limiter: its attribute gives neither `rate` nor `limiter`",
            )),
            Err(error) => self.unusable(error.clone()),
        }
    }

    /// [`call_on`](Self::call_on), with `find_out` for the options at the first call.
    pub fn call_on_with<S: Keep, R: Refuse>(
        &'static self,
        limiter: &Limiter,
        find_out: impl FnOnce() -> Result<Settings, Error>,
    ) -> Call<S, R> {
        let limits = Limits::Owned(Arc::clone(limiter.shared()));
        match self.setup.get_or_init(|| self.set_up(find_out)) {
            Ok(Setup { config, .. }) => Call::new(Ok(config), limits),
            Err(error) => Call::new(Err(error.clone()), limits),
        }
    }

    fn set_up(&self, find_out: impl FnOnce() -> Result<Settings, Error>) -> Result<Setup, Error> {
        let settings = find_out()?;
        let limiter = match (settings.name, settings.quota) {
            (Some(name), Some(quota)) => Some(Limiter::named(name, quota)?),
            (Some(name), None) => Some(limiter::find(name)?),
            (None, quota) => quota.map(Limiter::new),
        };
        Ok(Setup { config: settings.config, limiter })
    }

    /// A call that its first admission refuses.
    #[cold]
    fn unusable<S: Keep, R: Refuse>(&self, error: Error) -> Call<S, R> {
        static NOWHERE: OnceLock<Limiter> = OnceLock::new();
        let error = error.in_function(self.name);
        let limiter = NOWHERE.get_or_init(Limiter::nowhere);
        Call::new(Err(error), Limits::Static(limiter.shared()))
    }
}
