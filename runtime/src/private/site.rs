//! What a rate-limited function keeps between its calls.

use std::sync::Arc;
use std::sync::OnceLock;

use crate::call::Call;
use crate::call::Setup;
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

impl Site {
    /// A function whose options are all known at compile time.
    pub const fn new(name: &'static str, settings: Settings) -> Self {
        Self {
            name,
            settings: Some(settings),
            setup: OnceLock::new(),
        }
    }

    /// A function whose first call finds out its options.
    pub const fn lazy(name: &'static str) -> Self {
        Self {
            name,
            settings: None,
            setup: OnceLock::new(),
        }
    }

    /// A call on the function's own limiter, or on one that it shares by name.
    #[inline]
    pub fn call<S, R>(&'static self) -> Call<S, R> {
        self.call_with(|| Ok(self.settings.unwrap_or_default()))
    }

    /// A call whose limiter is an expression's value.
    pub fn call_on<S, R>(&'static self, limiter: &Limiter) -> Call<S, R> {
        self.call_on_with(limiter, || Ok(self.settings.unwrap_or_default()))
    }

    /// [`call`](Self::call), with `find_out` for the options at the first call.
    #[inline]
    pub fn call_with<S, R>(
        &'static self,
        find_out: impl FnOnce() -> Result<Settings, Error>,
    ) -> Call<S, R> {
        let setup = self.setup.get_or_init(|| {
            let setup = set_up(self.name, find_out)?;
            if setup.limiter.is_some() {
                return Ok(setup);
            }
            let sentence =
                "the function has no limiter: its attribute gives neither `rate` nor `limiter`";
            Err(Error::invalid(sentence).in_function(self.name))
        });
        Call::new(setup, None)
    }

    /// [`call_on`](Self::call_on), with `find_out` for the options at the first call.
    pub fn call_on_with<S, R>(
        &'static self,
        limiter: &Limiter,
        find_out: impl FnOnce() -> Result<Settings, Error>,
    ) -> Call<S, R> {
        let setup = self.setup.get_or_init(|| set_up(self.name, find_out));
        Call::new(setup, Some(Arc::clone(limiter.shared())))
    }
}

/// Makes, or finds, what the calls of the function have in common.
fn set_up(
    function: &'static str,
    find_out: impl FnOnce() -> Result<Settings, Error>,
) -> Result<Setup, Error> {
    let settings = find_out().map_err(|error| error.in_function(function))?;
    let limiter = limiter_of(function, &settings).map_err(|error| error.in_function(function))?;
    let limiter = limiter.map(|limiter| Arc::clone(limiter.shared()));
    Ok(Setup {
        config: settings.config,
        limiter,
    })
}

/// The limiter that the settings ask for: the function's own, or one that it shares.
fn limiter_of(function: &'static str, settings: &Settings) -> Result<Option<Limiter>, Error> {
    let Some(quota) = settings.quota else {
        return settings.name.map(limiter::find).transpose();
    };
    let limiter = match (settings.store, settings.name) {
        (None, None) => Limiter::new(quota),
        (None, Some(name)) => Limiter::named(name, quota)?,
        (Some(store), name) => {
            let (store, policy) = (store.open()?, settings.policy);
            match name {
                None => Limiter::in_store(function, quota, store, policy)?,
                Some(name) => Limiter::named_in_store(name, quota, &store, policy)?,
            }
        }
    };
    Ok(Some(limiter))
}
