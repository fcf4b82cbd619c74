//! Limiters that are known by name: those that functions share, and those of the functions themselves.
//!
//! A handle can be asked for before the limiter is declared. The declaration then applies to that handle.

use core::mem;
use core::num::NonZeroU32;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::error::Error;
use crate::quota::Quota;
use crate::row::Rows;
use crate::store::Policy;
use crate::store::Store;

use super::configured;
use crate::limiter::Limiter;
use crate::limiter::remote::RemoteConfig;
use crate::limiter::remote::client::StoreClient;
use crate::limiter::shared::Shared;
use crate::limiter::sweep::SweepAt;

/// Quota of a limiter until it is declared.
const UNDECLARED: Quota = Quota::per_second(NonZeroU32::MIN);

/// Store of a limit, and its policy.
type StorePlace<'a> = Option<(&'a Arc<dyn Store>, Policy)>;

#[derive(Debug)]
struct NamedLimiter {
    shared: Arc<Shared>,
    /// `None`: there are only handles so far.
    declared: Option<Rows>,
}

#[derive(Debug)]
struct Registry {
    entries: BTreeMap<Arc<str>, NamedLimiter>,
    /// Number of names at which unused ones are removed.
    sweep_at: SweepAt,
    /// Limiters that were removed. They are dropped after unlocking, since their stores may be the program's own.
    removed: Vec<NamedLimiter>,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    entries: BTreeMap::new(),
    sweep_at: SweepAt::NEW,
    removed: Vec::new(),
});

/// Whether limiters that are declared from now on are closed.
pub(super) static CLOSED: AtomicBool = AtomicBool::new(false);

/// Serializes declarations. Held while a limiter changes, which can wake its waiters; the registry's lock is
/// not.
static DECLARING: Mutex<()> = Mutex::new(());

/// Returns the limiter of this name, which is made with these limits if it is new.
pub(in crate::limiter) fn declare(name: &str, rows: &Rows) -> Result<Limiter, Error> {
    declare_as(name, rows, None)
}

/// Returns the limiter of this name, which is made with these limits in this store if it is new.
pub(in crate::limiter) fn declare_in_store(
    name: &str,
    rows: &Rows,
    store: &Arc<dyn Store>,
    policy: Policy,
) -> Result<Limiter, Error> {
    declare_as(name, rows, Some((store, policy)))
}

fn declare_as(name: &str, rows: &Rows, place: StorePlace<'_>) -> Result<Limiter, Error> {
    Limiter::check(rows, place.is_some())?;
    let quota = rows.first.quota;
    let _alone = lock(&DECLARING);
    let (shared, declared) = with(|registry| registry.entry(name).parts());
    // One reference is the registry's, one is this function's. Without others, only the used-up tokens
    // matter.
    let is_free = Arc::strong_count(&shared) <= 2;
    match declared {
        None => bind(&shared, name, rows, place),
        Some(_) if !shared.is_in(place) => {
            return Err(Error::conflict(format!(
                "limiter \"{name}\" is declared twice, with different stores; \
                 give both declarations the same `store` and `on_store_error`, or two names"
            )));
        }
        Some(known) if known.is_plain() && rows.is_plain() && known != *rows && is_free => {
            shared.naming.forget_by_hand();
            let (rows, mode) = configured::beginning_of(&shared, rows, place.is_some());
            shared.set_quota(rows.first.quota);
            shared.bound_slots(rows.concurrency);
            shared.configure_mode(mode);
        }
        Some(known) if known != *rows => {
            return Err(Error::conflict(format!(
                "limiter \"{name}\" is declared twice: once with {known}, once with {rows}; \
                 give both declarations the same rate and burst, or two names",
            )));
        }
        Some(_) => return Ok(Limiter::of(quota, shared)),
    }
    with(|registry| registry.entry(name).declared = Some(rows.clone()));
    Ok(Limiter::of(quota, shared))
}

/// Creates the limiter of one function, named by the function's path. A second function of the same path,
/// such as a method of another type, gets a number after it.
pub(crate) fn own(path: &str, rows: &Rows, place: StorePlace<'_>) -> Result<Limiter, Error> {
    Limiter::check(rows, place.is_some())?;
    let quota = rows.first.quota;
    let _alone = lock(&DECLARING);
    let shared = with(|registry| {
        let taken = |name: &str| {
            registry
                .entries
                .get(name)
                .is_some_and(NamedLimiter::is_declared)
        };
        let mut names = core::iter::once(path.to_owned())
            .chain((2..).map(|number: u64| format!("{path}#{number}")));
        let name = names.find(|name| !taken(name)).unwrap_or_default();
        let entry = registry.entry(&name);
        entry.declared = Some(rows.clone());
        Arc::clone(&entry.shared)
    });
    bind(&shared, path, rows, place);
    Ok(Limiter::of(quota, shared))
}

/// Declares a limiter that may have handles. A quota that was set before stays in force.
fn bind(shared: &Shared, key: &str, rows: &Rows, place: StorePlace<'_>) {
    let (rows, mode) = &configured::beginning_of(shared, rows, place.is_some());
    let quota = rows.first.quota;
    if let Some((store, policy)) = place {
        let client = StoreClient::new(Arc::clone(store), key, policy);
        shared.compare_quotas(&client, quota);
        shared.attach(client, RemoteConfig::of(policy));
    }
    if shared.is_provisional() {
        shared.set_quota(quota);
    }
    shared.start(quota);
    shared.add_rows(rows);
    shared.configure_mode(*mode);
    if CLOSED.load(Ordering::Relaxed) {
        shared.shut_down();
    }
}

/// Holds declarations up until the guard is dropped.
pub(in crate::limiter) fn begin_declaring() -> MutexGuard<'static, ()> {
    lock(&DECLARING)
}

/// Returns the declared limiters whose names and limits are accepted, and these limits.
pub(in crate::limiter) fn declared_with_rows(
    is_accepted: &dyn Fn(&str, &Rows) -> bool,
) -> Vec<(Limiter, Rows)> {
    with(|registry| {
        let accepted = registry.entries.iter().filter_map(|(name, entry)| {
            let rows = entry.declared.as_ref()?;
            is_accepted(name, rows).then(|| (entry.handle(rows.first.quota), rows.clone()))
        });
        accepted.collect()
    })
}

/// Closes the limiters that are declared from now on.
pub(in crate::limiter) fn begin_closed() {
    // A declaration under way ends before the limiters are listed.
    let _alone = lock(&DECLARING);
    CLOSED.store(true, Ordering::Relaxed);
}

/// Returns the limiter of this name, if it was declared.
pub(crate) fn find(name: &str) -> Result<Limiter, Error> {
    let found = with(|registry| {
        let entry = registry.entries.get(name)?;
        Some(entry.handle(entry.declared_quota()?))
    });
    found.ok_or_else(|| {
        Error::conflict(format!(
            "limiter \"{name}\" is not declared yet: call the function that has its rate before, \
             give the same `rate` or `limits` here, or build it: `Limiter::builder(..).name(\"{name}\")`",
        ))
    })
}

/// Returns a handle of the limiter that this program knows by `name`: of an annotated function's own limiter by the
/// path of the function (`"my_crate::api::user"`), of one that the functions of an `impl` block share by the path of the
/// type (`"my_crate::api::Api"`, `"my_crate::api::<Api as Remote>"`), of one that functions share by its name.
///
/// The handle may be asked for at any time. A limiter is declared at the first call of its function, or by
/// [`Limiter::builder`]. Before that, it grants one permit per second. The declaration applies to all handles
/// of the name. A quota that was set before the declaration stays in force, so a program can set the quotas
/// of its functions as it starts. A name that is never declared is no error: [`Limiter::is_declared`] is
/// `false` for it (`Debug` shows that too), and [`limiters`] does not list it.
///
/// A second function of the same path, such as a method of another type in the module, is found by `"path#2"`, in the
/// order of their first calls.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Quota, rate_limited};
///
/// #[rate_limited(rate = 5)]
/// async fn user() -> Result<u32, std::io::Error> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), std::io::Error> {
/// let path = concat!(module_path!(), "::user");
/// paced::limiter(path).set_quota(Quota::per_second(NonZeroU32::new(50).unwrap()));
/// user().await?;
/// assert_eq!(paced::limiter(path).snapshot().rate.to_string(), "50/s");
/// assert_eq!(paced::limiter(path).snapshot().counts.calls, 1);
/// # Ok(()) }
/// ```
pub fn limiter(name: &str) -> Limiter {
    with(|registry| {
        let entry = registry.entry(name);
        entry.handle(entry.declared_quota().unwrap_or(UNDECLARED))
    })
}

/// Returns whether a limiter of this name was declared.
pub(in crate::limiter) fn is_declared(name: &str, shared: &Arc<Shared>) -> bool {
    with(|registry| {
        let entry = registry.entries.get(name);
        let entry = entry.filter(|entry| Arc::ptr_eq(&entry.shared, shared));
        // A limiter that is not in the registry was made with its quota.
        entry.is_none_or(NamedLimiter::is_declared)
    })
}

/// Returns the limiters that are in use under a name, sorted by name: those of annotated functions that have
/// been called, and those that were declared by name and have a handle.
///
/// Limiters in a `static`, and others without a name, are not listed: they are known to the program anyway.
///
/// # Examples
///
/// ```
/// # use core::num::NonZeroU32;
/// # use paced::{Limiter, Quota};
/// let search = Limiter::builder(Quota::per_second(NonZeroU32::new(5).unwrap())).name("search").build()?;
/// for limiter in paced::limiters() {
///     println!("{}: {:?}", limiter.name().unwrap_or_default(), limiter.snapshot());
/// }
/// # assert!(paced::limiters().iter().any(|limiter| limiter.name() == Some("search")));
/// # Ok::<(), paced::Error>(())
/// ```
pub fn limiters() -> Vec<Limiter> {
    with(|registry| {
        let in_use = registry.entries.values().filter(|entry| !entry.is_free());
        in_use
            .filter_map(|entry| Some(entry.handle(entry.declared_quota()?)))
            .collect()
    })
}

/// Returns all limiters that were declared by name, with those that have no handle now.
pub(in crate::limiter) fn declared() -> Vec<Limiter> {
    with(|registry| {
        let all = registry.entries.values();
        all.filter_map(|entry| Some(entry.handle(entry.declared_quota()?)))
            .collect()
    })
}

/// Removes the name of a limiter with its last handle, unless it has state to remember.
#[cold]
pub(in crate::limiter) fn released(shared: &Arc<Shared>) {
    let Some(name) = shared.name() else { return };
    let gone = with(|registry| {
        let entry = registry.entries.get(name)?;
        // One reference is the registry's, one is being dropped.
        let last = Arc::ptr_eq(&entry.shared, shared) && Arc::strong_count(shared) <= 2;
        (last && entry.is_forgettable()).then(|| registry.entries.remove(name))
    });
    // After unlocking: this may drop the limiter and its store.
    drop(gone);
}

impl NamedLimiter {
    fn new(name: &Arc<str>) -> Self {
        Self {
            shared: Shared::undeclared(name, UNDECLARED),
            declared: None,
        }
    }

    const fn is_declared(&self) -> bool {
        self.declared.is_some()
    }

    /// Returns whether there is no handle.
    fn is_free(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    /// Returns whether a new limiter of the name would be just like it.
    fn is_forgettable(&self) -> bool {
        (self.is_declared() || self.shared.is_provisional()) && self.shared.is_as_new()
    }

    fn declared_quota(&self) -> Option<Quota> {
        self.declared.as_ref().map(|rows| rows.first.quota)
    }

    fn parts(&self) -> (Arc<Shared>, Option<Rows>) {
        (Arc::clone(&self.shared), self.declared.clone())
    }

    fn handle(&self, quota: Quota) -> Limiter {
        Limiter::of(quota, Arc::clone(&self.shared))
    }
}

impl Registry {
    fn entry(&mut self, name: &str) -> &mut NamedLimiter {
        if !self.entries.contains_key(name) && self.sweep_at.is_due(self.entries.len()) {
            let unused = |entry: &NamedLimiter| entry.is_free() && entry.is_forgettable();
            let unused = self.entries.iter().filter(|(_, entry)| unused(entry));
            let unused: Vec<_> = unused.map(|(name, _)| Arc::clone(name)).collect();
            let removed = unused.iter().filter_map(|name| self.entries.remove(name));
            self.removed.extend(removed);
            self.sweep_at.swept(self.entries.len());
        }
        let name: Arc<str> = name.into();
        let entry = self.entries.entry(Arc::clone(&name));
        entry.or_insert_with(|| NamedLimiter::new(&name))
    }
}

fn with<T>(act: impl FnOnce(&mut Registry) -> T) -> T {
    let mut registry = lock(&REGISTRY);
    let result = act(&mut registry);
    let removed = mem::take(&mut registry.removed);
    drop(registry);
    drop(removed);
    result
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
