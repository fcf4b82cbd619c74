//! Applies a configuration to the limiters that are declared.

use std::sync::Arc;

use crate::mode::Mode;
use crate::row::Rows;

use super::Limiter;
use super::changes::Misfit;
use super::names::configured;
use super::names::configured::Configuration;
use super::names::named_keys;
use super::names::named_keys::ConfiguredKeys;
use super::names::named_keys::NamedKeys;
use super::names::registry;

/// Applies a configuration, or nothing of it: to the limiters that are declared now, and to others when they are declared.
/// Limiters that it does not name return to what was declared.
///
/// # Errors
///
/// The name of a limiter, and the first of its changes that does not fit.
pub(crate) fn apply(configuration: &Configuration) -> Result<(), (Arc<str>, Misfit)> {
    // The handles are dropped after unlocking: their stores may be the program's own.
    let (applied, _named) = {
        let _alone = registry::begin_declaring();
        apply_alone(configuration)
    };
    applied
}

type Applied<T = ()> = Result<T, (Arc<str>, Misfit)>;

/// Limiters that a configuration, or the one before, names.
struct Named {
    limiters: Vec<(Limiter, Rows)>,
    keys: Vec<Arc<dyn NamedKeys>>,
}

/// Applies a configuration while no limiter is declared. Returns what it names, too.
fn apply_alone(configuration: &Configuration) -> (Applied, Named) {
    let before = configured::in_force();
    let is_concerned = |name: &str, declared: &Rows| {
        let concerned = [configuration, &before].map(|it| it.concerns(name, declared));
        concerned.contains(&true)
    };
    let named = Named {
        limiters: registry::declared_with_rows(&is_concerned),
        keys: named_keys::declared_with_further(&is_concerned),
    };
    let checked = check(configuration, &named.limiters);
    let checked = checked.and_then(|rows| Ok((rows, check_keys(configuration, &named.keys)?)));
    let (changed, changed_keys) = match checked {
        Ok(changed) => changed,
        Err(wrong) => return (Err(wrong), named),
    };
    configured::put_in_force(configuration.clone());
    for ((limiter, declared), rows) in named.limiters.iter().zip(&changed) {
        let mode = configuration.mode_of(limiter.name().unwrap_or_default(), declared);
        change(configuration, &before, limiter, (rows, mode));
    }
    for (keys, changed) in named.keys.iter().zip(changed_keys) {
        keys.configure(changed, configuration.overriding);
        if let Some(configured) = configuration.limiters.get(keys.name()) {
            configured.note_use();
        }
    }
    (Ok(()), named)
}

/// Changes one limiter.
fn change(
    configuration: &Configuration,
    before: &Configuration,
    limiter: &Limiter,
    (rows, mode): (&Rows, Option<Mode>),
) {
    let shared = limiter.shared();
    let name = limiter.name().unwrap_or_default();
    let is_named = [configuration, before].map(|it| it.limiters.contains_key(name));
    if !is_named.contains(&true) {
        // The configuration names only the keys whose calls also take from it.
        return shared.configure_mode_of_keys(mode, configuration.overriding);
    }
    if configuration.overriding {
        shared.forget_by_hand();
    }
    shared.change_limits(rows);
    let configured = configuration.limiters.get(name);
    let new = configured.map(|it| &it.changes);
    let old = before.limiters.get(name).map(|it| &it.changes);
    shared.configure_slots([old, new], rows);
    shared.configure_mode(mode);
    if let Some(configured) = configured {
        configured.note_use();
    }
}

/// Returns the limits that the limiters are to have.
fn check(configuration: &Configuration, limiters: &[(Limiter, Rows)]) -> Applied<Vec<Rows>> {
    let rows = limiters.iter().map(|(limiter, declared)| {
        let name = limiter.name().unwrap_or_default();
        let Some((name, configured)) = configuration.limiters.get_key_value(name) else {
            return Ok(declared.clone());
        };
        let in_store = limiter.shared().client.get().is_some();
        let rows = configured.applied_to(declared, in_store);
        rows.map_err(|misfit| (Arc::clone(name), misfit))
    });
    rows.collect()
}

/// Returns what the limiters of keys are to have.
fn check_keys(
    configuration: &Configuration,
    keys: &[Arc<dyn NamedKeys>],
) -> Applied<Vec<Option<ConfiguredKeys>>> {
    let changed = keys.iter().map(|keys| {
        let known = configuration.limiters.get_key_value(keys.name());
        let (declared, mode) = (
            keys.declared(),
            configuration.mode_of(keys.name(), keys.declared()),
        );
        let Some((name, configured)) = known else {
            let rows = declared.clone();
            return Ok(mode.map(|mode| ConfiguredKeys {
                rows,
                mode: Some(mode),
            }));
        };
        let rows = configured.applied_to(declared, keys.are_in_store());
        let rows = rows.map_err(|misfit| (Arc::clone(name), misfit))?;
        Ok(Some(ConfiguredKeys { rows, mode }))
    });
    changed.collect()
}
