//! State of a rate-limited function between its calls.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;

use tokio::runtime::Handle;

use crate::call::Call;
use crate::call::Origin;
use crate::call::OwnCosts;
use crate::call::Setup;
use crate::call::Unread;
use crate::costs::Costs;
use crate::error::Error;
use crate::error::Kind;
use crate::keyed::Keys;
use crate::limiter;
use crate::limiter::Function;
use crate::limiter::KnownUnits;
use crate::limiter::Limiter;
use crate::limiter::LimiterBuilder;
use crate::limiter::Shared;
use crate::row::Rows;

use super::settings::Settings;

/// State of a rate-limited function between its calls, in a `static` of the function.
#[derive(Debug)]
pub struct Site {
    pub(super) name: &'static str,
    pub(super) settings: Settings,
    setup: OnceLock<Result<Setup, Error>>,
    /// Held while the first call makes the setup.
    first: Mutex<()>,
    /// Refusal of calls that come before another function has declared the shared limiter.
    undeclared: OnceLock<Box<Result<Setup, Error>>>,
    unread: Unread,
}

/// Arguments of a call that the expansion passes.
#[derive(Debug)]
pub struct Begin<'b, F> {
    /// Limiter that the call passes as the option `limiter`.
    pub limiter: Option<&'b Limiter>,
    /// Settings that are known only at run time: `()`, or another type that implements [`Find`].
    pub settings: F,
}

impl Begin<'_, ()> {
    /// Arguments of a call whose settings are all known at compile time.
    pub const PLAIN: Self = Self {
        limiter: None,
        settings: (),
    };
}

/// Setup of a call.
#[derive(Debug)]
pub struct Found<'s>(pub(super) &'s Result<Setup, Error>);

/// Settings that are known only at run time.
pub trait Find<'s> {
    /// Returns the setup of a call. `brings`: the call passes a limiter.
    fn setup(self, site: &'static Site, brings: bool) -> Found<'s>;
}

/// No settings but those that are known at compile time.
impl Find<'static> for () {
    fn setup(self, site: &'static Site, brings: bool) -> Found<'static> {
        Found(site.setup(brings, Ok))
    }
}

/// Settings of the limiter, evaluated at the first call.
#[derive(Debug)]
pub struct First<F>(pub F);

impl<F: FnOnce(Settings) -> Result<Settings, Error>> Find<'static> for First<F> {
    fn setup(self, site: &'static Site, brings: bool) -> Found<'static> {
        Found(site.setup(brings, self.0))
    }
}

/// Slot for the setup of one call, on the heap.
#[derive(Debug, Default)]
pub struct Own(Option<Box<Result<Setup, Error>>>);

impl Own {
    /// Returns an empty slot.
    pub const fn new() -> Self {
        Self(None)
    }
}

/// Settings of the call, evaluated at each call, in addition to those of `F`.
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
                    config: settings.config,
                    limiter: shared.limiter.clone(),
                    keys: shared.keys.clone(),
                    function: shared.function,
                    origin: shared.origin,
                    hooks: shared.hooks,
                    units: shared.units,
                    known: shared.known,
                })
                .map_err(|error| error.in_function(site.name)),
            Err(error) => Err(error.clone()),
        };
        Found(own.0.insert(Box::new(setup)))
    }
}

impl Site {
    /// Returns the state of a function with these settings, before its first call.
    pub const fn new(name: &'static str, settings: Settings) -> Self {
        Self {
            name,
            settings,
            setup: OnceLock::new(),
            first: Mutex::new(()),
            undeclared: OnceLock::new(),
            unread: Unread::of(name),
        }
    }

    /// Returns a call on the limiter that it passes, on the function's own limiter, or on one that the function shares
    /// by name.
    #[inline]
    pub fn call<'s, S, R, F: Find<'s>>(&'static self, begin: Begin<'_, F>) -> Call<'s, S, R> {
        let Found(setup) = begin.settings.setup(self, begin.limiter.is_some());
        let brought = begin.limiter.map(|limiter| Arc::clone(limiter.shared()));
        Call::new(setup, brought)
    }

    /// Returns a call with costs, in the order of the units in the settings. There may be fewer costs than units: the others
    /// have their usual cost.
    pub fn call_with_costs<'s, 'f: 's, S, R, F: Find<'f>, const N: usize>(
        &'static self,
        begin: Begin<'_, F>,
        own: &'s mut OwnCosts,
        costs: [u64; N],
    ) -> Call<'s, S, R, &'s OwnCosts> {
        let Found(setup) = begin.settings.setup(self, begin.limiter.is_some());
        let brought = begin.limiter.map(|limiter| Arc::clone(limiter.shared()));
        let (setup, own) = self.pay(own, setup, brought.as_ref(), &costs);
        Call::paying(setup, brought, own)
    }

    /// Sets the costs of a call. Returns the setup that it has to use. `brought`: what a call that brings its limiter, or
    /// limiters of keys, looks its units up in.
    pub(super) fn pay<'s>(
        &self,
        own: &'s mut OwnCosts,
        setup: &'s Result<Setup, Error>,
        brought: Option<&Arc<Shared>>,
        amounts: &[u64],
    ) -> (&'s Result<Setup, Error>, &'s OwnCosts) {
        if let (Ok(known), None) = (setup, brought) {
            if own.set_known(&known.known, amounts) {
                return (setup, own);
            }
        }
        own.fill(setup, |own| self.set_costs(own, setup, brought, amounts))
    }

    /// Sets the costs of a call, in the order of its limiter's limits.
    ///
    /// # Errors
    ///
    /// The limiter does not count one of the units.
    #[cold]
    fn set_costs(
        &self,
        own: &mut Costs,
        setup: &Result<Setup, Error>,
        brought: Option<&Arc<Shared>>,
        amounts: &[u64],
    ) -> Result<(), Error> {
        let function = || {
            let setup = setup.as_ref().ok()?;
            let keys = setup.keys.as_deref();
            setup.limiter.as_ref().or(keys.map(Keys::template))
        };
        let Some(limiter) = brought.or_else(function) else {
            *own = Costs::ONE;
            return Ok(());
        };
        *own = limiter.usual_costs();
        let units = self.settings.units;
        let amounts = units.iter().copied().zip(amounts.iter().copied());
        limiter
            .set_costs(own, amounts)
            .map_err(|error| error.in_function(self.name))
    }

    /// Returns a call that no limiter holds back: it waits for its own backoffs alone.
    pub fn call_off<'s, S, R, F: Find<'s>>(&'static self, begin: Begin<'_, F>) -> Call<'s, S, R> {
        let Found(setup) = begin.settings.setup(self, true);
        Call::new(setup, None)
    }

    /// Returns the setup that all calls of the function share. The first call makes it.
    #[inline]
    fn setup(
        &'static self,
        brings: bool,
        find_out: impl FnOnce(Settings) -> Result<Settings, Error>,
    ) -> &'static Result<Setup, Error> {
        self.setup
            .get()
            .unwrap_or_else(|| self.first_setup(brings, find_out))
    }

    /// The same for the first call. Outside of a runtime it is refused, unless the function blocks: later ones would have to
    /// wait. A call whose limiter is
    /// not declared yet is refused, too, and the next call looks for the limiter again.
    #[cold]
    fn first_setup(
        &'static self,
        brings: bool,
        find_out: impl FnOnce(Settings) -> Result<Settings, Error>,
    ) -> &'static Result<Setup, Error> {
        static NO_RUNTIME: Result<Setup, Error> = Err(Error::new(Kind::NoRuntime));
        if !self.settings.config.blocking && Handle::try_current().is_err() {
            return &NO_RUNTIME;
        }
        let _alone = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(setup) = self.setup.get() {
            return setup;
        }
        let setup = self.set_up(find_out).and_then(|setup| {
            if brings || setup.limiter.is_some() || setup.keys.is_some() {
                return Ok(setup);
            }
            let sentence =
                "the function has no limiter: its attribute gives neither `rate` nor `limiter`";
            Err(Error::invalid(sentence).in_function(self.name))
        });
        if setup.as_ref().is_err_and(Error::is_conflict) && self.is_undeclared() {
            return self.undeclared.get_or_init(|| Box::new(setup));
        }
        self.setup.get_or_init(|| setup)
    }

    /// Returns whether the function shares a limiter by a name that nothing has declared yet.
    fn is_undeclared(&self) -> bool {
        let name = self.settings.name;
        name.is_some_and(|name| limiter::find(name).is_err())
    }

    /// Makes the setup that all calls of the function share, and finds or makes their limiter.
    fn set_up(
        &'static self,
        find_out: impl FnOnce(Settings) -> Result<Settings, Error>,
    ) -> Result<Setup, Error> {
        let located = |error: Error| error.in_function(self.name);
        let settings = find_out(self.settings).map_err(located)?;
        let keys = settings.keys_of(self.name).map_err(located)?;
        let limiter = match settings.block {
            _ if settings.config.off || keys.is_some() => Ok(None),
            Some(block) => block.limiter(|name| limiter_of(name, &settings)),
            None => limiter_of(self.name, &settings),
        };
        let limiter = limiter.map_err(located)?;
        if let (Some(limiter), Some(mode)) = (&limiter, settings.mode) {
            limiter.shared().declare_mode(mode);
        }
        let limiter = limiter.map(|limiter| Arc::clone(limiter.shared()));
        let template = limiter.as_ref().or(keys.as_deref().map(Keys::template));
        let known = template.map_or(KnownUnits::NONE, |it| it.known_units(settings.units));
        Ok(Setup {
            config: settings.config,
            limiter,
            keys,
            function: Function::of(self),
            origin: Origin::Function(&self.unread),
            hooks: settings.hooks,
            units: settings.units,
            known,
        })
    }
}

/// Returns the limiter of the settings: the function's own, or one that it shares by name. `None` if each call has to
/// pass one.
fn limiter_of(function: &'static str, settings: &Settings) -> Result<Option<Limiter>, Error> {
    let Some(rows) = settings.declared() else {
        return settings.name.map(limiter::find).transpose();
    };
    let limiter = match (settings.store, settings.name) {
        (None, None) => limiter::own(function, &rows, None)?,
        (None, Some(name)) => builder(rows).name(name).build()?,
        (Some(store), name) => {
            let (store, policy) = (store.open()?, settings.policy);
            match name {
                None => {
                    claim(function)?;
                    limiter::own(function, &rows, Some((&store, policy)))?
                }
                Some(name) => {
                    let builder = builder(rows).name(name).store(store);
                    builder.store_policy(policy).build()?
                }
            }
        }
    };
    Ok(Some(limiter))
}

fn builder(rows: Rows) -> LimiterBuilder {
    Limiter::builder(rows.first.quota).rows(rows)
}

/// Reserves the path of a function as the name of its limiter in a store.
///
/// # Errors
///
/// Another function has the same path. The two would share one limit by accident.
pub(super) fn claim(function: &'static str) -> Result<(), Error> {
    static CLAIMED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut claimed = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner);
    if claimed.insert(function) {
        return Ok(());
    }
    let sentence = "another function of this path has its limit in a store, too: give each a name, `limiter = \"name\"`";
    Err(Error::conflict(sentence))
}
