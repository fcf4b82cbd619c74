//! Applies a configuration to the limiters that are declared.

use std::sync::Arc;

use crate::row::Rows;

use super::Limiter;
use super::changes::Misfit;
use super::configured;
use super::configured::Configuration;
use super::registry;

/// Applies a configuration, or nothing of it: to the limiters that are declared now, and to others when they are declared.
/// Limiters that it does not name return to what was declared.
///
/// # Errors
///
/// The name of a limiter, and the first of its changes that does not fit.
pub(crate) fn apply(configuration: &Configuration) -> Result<(), (Arc<str>, Misfit)> {
    // The handles are dropped after unlocking: their stores may be the program's own.
    let (applied, _handles) = {
        let _alone = registry::begin_declaring();
        apply_alone(configuration)
    };
    applied
}

type Applied = Result<(), (Arc<str>, Misfit)>;

/// Applies a configuration while no limiter is declared. Returns the handles of the limiters, too.
fn apply_alone(configuration: &Configuration) -> (Applied, Vec<(Limiter, Rows)>) {
    let before = configured::in_force();
    let limiters = registry::declared_with_rows(&|name| {
        let named = [configuration, &before].map(|it| it.limiters.contains_key(name));
        named.contains(&true)
    });
    let changed = match check(configuration, &limiters) {
        Ok(changed) => changed,
        Err(wrong) => return (Err(wrong), limiters),
    };
    configured::put_in_force(configuration.clone());
    for ((limiter, _), rows) in limiters.iter().zip(&changed) {
        let shared = limiter.shared();
        if configuration.overriding {
            shared.forget_by_hand();
        }
        shared.change_limits(rows);
        let name = limiter.name().unwrap_or_default();
        let configured = configuration.limiters.get(name);
        let new = configured.map(|it| &it.changes);
        let old = before.limiters.get(name).map(|it| &it.changes);
        shared.configure_slots([old, new], rows);
        shared.configure_mode(new.and_then(|it| it.mode));
        if let Some(configured) = configured {
            configured.note_use();
        }
    }
    (Ok(()), limiters)
}

/// Returns the limits that the limiters are to have.
fn check(
    configuration: &Configuration,
    limiters: &[(Limiter, Rows)],
) -> Result<Vec<Rows>, (Arc<str>, Misfit)> {
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
