//! Calls that name a key: the option `key`, and limiters of keys as the option `limiter`.

use core::hash::Hash;
use core::ops::Deref;
use std::sync::Arc;

use crate::call::Call;
use crate::call::KeyAndCosts;
use crate::call::OwnCosts;
use crate::call::Setup;
use crate::error::Error;
use crate::keyed::CallKey;
use crate::keyed::Declaration;
use crate::keyed::FurtherCost;
use crate::keyed::FurtherKey;
use crate::keyed::Keyed;
use crate::keyed::Keys;
use crate::limiter::PlaceOfKeys;
use crate::row::Rows;

use super::row_keys;
use super::settings::KeySettings;
use super::settings::Settings;
use super::shared_keys;
use super::site::Begin;
use super::site::Find;
use super::site::Found;
use super::site::Site;
use super::site::claim;

impl Settings {
    /// Declares one limiter for each key. `settles`: the function has the option `settle`.
    #[must_use]
    pub const fn keyed(mut self, settles: bool) -> Self {
        self.keyed = Some(KeySettings {
            max_keys: 1_000_000,
            settles,
        });
        self
    }

    /// Sets `max_keys`, after [`keyed`](Self::keyed). Zero is ignored: the macro refuses it.
    #[must_use]
    pub const fn max_keys(mut self, max_keys: u32) -> Self {
        if let (Some(keyed), true) = (&mut self.keyed, max_keys > 0) {
            keyed.max_keys = max_keys as usize;
        }
        self
    }

    /// Returns the limiters of the keys, if the calls of the function name keys and bring none. The functions of a block share
    /// them, and so do those that give the same name.
    pub(super) fn keys_of(&self, function: &'static str) -> Result<Option<Arc<Keys>>, Error> {
        let (Some(keyed), Some(rows), false) = (self.keyed, self.declared(), self.config.off)
        else {
            return Ok(None);
        };
        let keys = match (self.name, self.block) {
            (Some(name), _) => {
                let first = self.declaration(keyed, row_keys::first_key(&rows)?, name)?;
                shared_keys::named(name, first, || self.further(keyed, &rows, name))?
            }
            (None, Some(block)) => {
                shared_keys::of_block(block, |name| self.new_keys(keyed, &rows, name))?
            }
            (None, None) => self.new_keys(keyed, &rows, function)?,
        };
        if keyed.settles {
            keys.settle_from_now_on();
        }
        Ok(Some(keys))
    }

    /// Returns the declaration of the keys. `label`: their name in events, and in a store.
    pub(super) fn declaration(
        &self,
        keyed: KeySettings,
        rows: Rows,
        label: &'static str,
    ) -> Result<Declaration, Error> {
        let place = match self.store {
            None => None,
            Some(store) => {
                if self.name.is_none() {
                    claim(label)?;
                }
                Some(PlaceOfKeys::new(label, store.open()?, self.policy))
            }
        };
        let declaration = Declaration {
            rows,
            max_keys: keyed.max_keys,
            settles: keyed.settles,
            mode: self.mode.unwrap_or_default(),
            label,
            is_named: true,
            place,
        };
        declaration.check().map(|()| declaration)
    }
}

/// Limiters of keys that a call brings.
#[derive(Debug)]
pub struct KeyedOf(Arc<Keys>);

/// [`Keyed`], or a type that dereferences to one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no keys",
    label = "expected limiters of keys",
    note = "with `key` the limiter is a `paced::Keyed`, or something that dereferences to one, like an `Arc<Keyed<u64>>`"
)]
pub trait ToKeyed {
    /// The limiters.
    fn to_keyed(&self) -> KeyedOf;
}

impl<K: ?Sized> ToKeyed for Keyed<K> {
    fn to_keyed(&self) -> KeyedOf {
        KeyedOf(Arc::clone(self.keys()))
    }
}

#[diagnostic::do_not_recommend]
impl<T> ToKeyed for T
where
    T: Deref<Target: ToKeyed> + ?Sized,
{
    fn to_keyed(&self) -> KeyedOf {
        self.deref().to_keyed()
    }
}

/// The value of `limiter` beside `key`.
#[inline]
pub fn keyed<L: ToKeyed + ?Sized>(limiter: &L) -> Option<KeyedOf> {
    Some(limiter.to_keyed())
}

/// The value of `key`.
#[inline]
pub const fn key<K: Hash + ?Sized>(key: &K) -> &K {
    key
}

impl Site {
    /// Returns a call of a key, through the limiters that it brings, or through the function's own.
    #[inline]
    pub fn call_of_key<'s, S, R, F: Find<'s>, K: Hash + ?Sized>(
        &'static self,
        begin: Begin<'_, F>,
        brought: Option<KeyedOf>,
        key: &K,
    ) -> Call<'s, S, R, KeyAndCosts<'s>> {
        self.call_of_keys(begin, brought, key, [])
    }

    /// Returns a call of a key and of further ones, as [`call_of_key`](Self::call_of_key) does without those.
    #[inline]
    pub fn call_of_keys<'s, S, R, F: Find<'s>, K: Hash + ?Sized, const O: usize>(
        &'static self,
        begin: Begin<'_, F>,
        brought: Option<KeyedOf>,
        key: &K,
        others: [FurtherKey<'_>; O],
    ) -> Call<'s, S, R, KeyAndCosts<'s>> {
        let Found(setup) = begin.settings.setup(self, brought.is_some());
        let key = call_key(setup, brought, key, |keys| {
            keys.further_costs(&others, |limiter| limiter.usual_costs())
        });
        Call::paying(setup, None, KeyAndCosts { key, own: None })
    }

    /// Returns a call of a key with costs of its own, as [`call_of_key`](Self::call_of_key) does without them.
    pub fn call_of_key_with_costs<
        's,
        'f: 's,
        S,
        R,
        F: Find<'f>,
        K: Hash + ?Sized,
        const N: usize,
    >(
        &'static self,
        begin: Begin<'_, F>,
        brought: Option<KeyedOf>,
        key: &K,
        own: &'s mut OwnCosts,
        costs: [u64; N],
    ) -> Call<'s, S, R, KeyAndCosts<'s>> {
        self.call_of_keys_with_costs(begin, brought, key, [], own, costs)
    }

    /// Returns a call of a key and of further ones with costs of its own.
    pub fn call_of_keys_with_costs<
        's,
        'f: 's,
        S,
        R,
        F: Find<'f>,
        K: Hash + ?Sized,
        const O: usize,
        const N: usize,
    >(
        &'static self,
        begin: Begin<'_, F>,
        brought: Option<KeyedOf>,
        key: &K,
        others: [FurtherKey<'_>; O],
        own: &'s mut OwnCosts,
        costs: [u64; N],
    ) -> Call<'s, S, R, KeyAndCosts<'s>> {
        let Found(setup) = begin.settings.setup(self, brought.is_some());
        let keys = match (&brought, setup) {
            (Some(KeyedOf(keys)), _) => Some(&**keys),
            (None, Ok(Setup { keys, .. })) => keys.as_deref(),
            (None, Err(_)) => None,
        };
        let joint = keys.filter(|keys| !keys.further().is_empty());
        let (setup, own) = if let Some(keys) = joint {
            own.fill(setup, |own| self.set_joint_costs(own, keys, &costs))
        } else {
            let template = brought.as_ref().map(|KeyedOf(keys)| keys.template());
            self.pay(own, setup, template, &costs)
        };
        let key = call_key(setup, brought, key, |keys| {
            keys.further_costs(&others, |it| it.known_costs(self.amounts(&costs)))
        });
        let own = Some(own);
        Call::paying(setup, None, KeyAndCosts { key, own })
    }
}

#[inline]
fn call_key<'s, K: Hash + ?Sized>(
    setup: &'s Result<Setup, Error>,
    brought: Option<KeyedOf>,
    key: &K,
    further: impl FnOnce(&Keys) -> Vec<FurtherCost>,
) -> Option<CallKey<'s>> {
    if let Some(KeyedOf(keys)) = brought {
        return Some(CallKey::brought(keys, key, further));
    }
    let keys = setup.as_ref().ok()?.keys.as_deref()?;
    Some(CallKey::own(keys, key, further))
}
