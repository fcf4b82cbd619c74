//! What a rate-limited function keeps between its calls.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;

use crate::call::Call;
use crate::call::Setup;
use crate::call::Unread;
use crate::error::Error;
use crate::limiter;
use crate::limiter::Function;
use crate::limiter::Limiter;

use super::settings::Settings;

/// What a rate-limited function keeps between its calls, in a `static` of its own.
#[derive(Debug)]
pub struct Site {
    name: &'static str,
    settings: Settings,
    setup: OnceLock<Result<Setup, Error>>,
    unread: Unread,
}

/// What a call begins with.
#[derive(Debug)]
pub struct Begin<'b, F> {
    /// The limiter that it brings.
    pub limiter: Option<&'b Limiter>,
    /// Its settings beside those that are known at compile time: `()`, or one of the types that
    /// implement [`Find`].
    pub settings: F,
}

impl Begin<'_, ()> {
    /// Nothing that is not known at compile time.
    pub const PLAIN: Self = Self {
        limiter: None,
        settings: (),
    };
}

/// What a call goes by.
#[derive(Debug)]
pub struct Found<'s>(&'s Result<Setup, Error>);

/// Finds out settings that are not known at compile time.
pub trait Find<'s> {
    /// What the call goes by, where it `brings` a limiter or not.
    fn setup(self, site: &'static Site, brings: bool) -> Found<'s>;
}

/// All settings are known at compile time.
impl Find<'static> for () {
    fn setup(self, site: &'static Site, brings: bool) -> Found<'static> {
        Found(site.setup(brings, Ok))
    }
}

/// Settings of the limiter, found out at the first call.
#[derive(Debug)]
pub struct First<F>(pub F);

impl<F: FnOnce(Settings) -> Result<Settings, Error>> Find<'static> for First<F> {
    fn setup(self, site: &'static Site, brings: bool) -> Found<'static> {
        Found(site.setup(brings, self.0))
    }
}

/// Room for the settings of one call, on the heap.
#[derive(Debug, Default)]
pub struct Own(Option<Box<Result<Setup, Error>>>);

impl Own {
    /// Room.
    pub const fn new() -> Self {
        Self(None)
    }
}

/// Settings of the call, found out each time, on top of those of `F`.
#[derive(Debug)]
pub struct Each<'s, F, G>(pub &'s mut Own, pub F, pub G);

impl<'s, F, G> Find<'s> for Each<'s, F, G>
where
    F: Find<'static>,
    G: FnOnce(Settings) -> Result<Settings, Error>,
{
    fn setup(self, site: &'static Site, brings: bool) -> Found<'s> {
        let Self(own, shared, find_out) = self;
        let setup = match shared.setup(site, brings).0 {
            Ok(shared) => find_out(Settings::of(shared.config))
                .map(|settings| Setup {
                    config: settings.config.in_force(),
                    limiter: shared.limiter.clone(),
                    function: shared.function,
                    unread: shared.unread,
                    name: shared.name,
                    hooks: shared.hooks,
                })
                .map_err(|error| error.in_function(site.name)),
            Err(error) => Err(error.clone()),
        };
        Found(own.0.insert(Box::new(setup)))
    }
}

impl Site {
    /// A function with the settings that are known at compile time.
    pub const fn new(name: &'static str, settings: Settings) -> Self {
        Self {
            name,
            settings,
            setup: OnceLock::new(),
            unread: Unread::of(name),
        }
    }

    /// A call on the limiter that it brings, on the function's own, or on one that it shares by name.
    #[inline]
    pub fn call<'s, S, R, F: Find<'s>>(&'static self, begin: Begin<'_, F>) -> Call<'s, S, R> {
        let Found(setup) = begin.settings.setup(self, begin.limiter.is_some());
        let brought = begin.limiter.map(|limiter| Arc::clone(limiter.shared()));
        Call::new(setup, brought)
    }

    /// A call that runs as if the function had no attribute.
    pub fn call_off<'s, S, R, F: Find<'s>>(&'static self, begin: Begin<'_, F>) -> Call<'s, S, R> {
        let Found(setup) = begin.settings.setup(self, true);
        Call::new(setup, None)
    }

    /// What the calls of the function have in common.
    #[inline]
    fn setup(
        &'static self,
        brings: bool,
        find_out: impl FnOnce(Settings) -> Result<Settings, Error>,
    ) -> &'static Result<Setup, Error> {
        self.setup.get_or_init(|| {
            let setup = self.set_up(find_out)?;
            if brings || setup.limiter.is_some() {
                return Ok(setup);
            }
            let sentence =
                "the function has no limiter: its attribute gives neither `rate` nor `limiter`";
            Err(Error::invalid(sentence).in_function(self.name))
        })
    }

    /// Makes, or finds, what the calls of the function have in common.
    fn set_up(
        &'static self,
        find_out: impl FnOnce(Settings) -> Result<Settings, Error>,
    ) -> Result<Setup, Error> {
        let located = |error: Error| error.in_function(self.name);
        let off = self.settings.config.off;
        let (settings, limiter) = if off {
            (self.settings, None)
        } else {
            let settings = find_out(self.settings).map_err(located)?;
            let limiter = limiter_of(self.name, &settings).map_err(located)?;
            (settings, limiter)
        };
        Ok(Setup {
            config: settings.config.in_force(),
            limiter: limiter.map(|limiter| Arc::clone(limiter.shared())),
            function: Function::of(self),
            unread: &self.unread,
            name: self.name,
            hooks: settings.hooks,
        })
    }
}

/// The limiter that the settings ask for: the function's own, or one that it shares.
fn limiter_of(function: &'static str, settings: &Settings) -> Result<Option<Limiter>, Error> {
    let Some(quota) = settings.declared() else {
        return settings.name.map(limiter::find).transpose();
    };
    let limiter = match (settings.store, settings.name) {
        (None, None) => limiter::own(function, quota, None)?,
        (None, Some(name)) => Limiter::named(name, quota)?,
        (Some(store), name) => {
            let (store, policy) = (store.open()?, settings.policy);
            match name {
                None => {
                    claim(function)?;
                    limiter::own(function, quota, Some((&store, policy)))?
                }
                Some(name) => Limiter::named_in_store(name, quota, &store, policy)?,
            }
        }
    };
    Ok(Some(limiter))
}

/// Notes that a function's path is the name of a limiter in a store; of one function only, or several would share a
/// limit that nobody meant them to.
fn claim(function: &'static str) -> Result<(), Error> {
    static CLAIMED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut claimed = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner);
    if claimed.insert(function) {
        return Ok(());
    }
    let sentence = "another function of this path has its limit in a store, too: give each a name, `limiter = \"name\"`";
    Err(Error::conflict(sentence))
}
