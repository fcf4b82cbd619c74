//! The runtime whose timers end the waits of blocking functions, and that sends their requests to stores.

use core::future;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::thread;

use tokio::runtime::Builder;
use tokio::runtime::EnterGuard;
use tokio::runtime::Handle;

/// Returns the runtime of blocking functions: one thread of the process, which sleeps while no timer is due. The first
/// call starts it. `None`: the operating system gives no thread; the next call tries again.
pub(crate) fn runtime() -> Option<&'static Handle> {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(runtime) = RUNTIME.get() {
        return Some(runtime);
    }
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if RUNTIME.get().is_none() {
        let started = start()?;
        return Some(RUNTIME.get_or_init(|| started));
    }
    RUNTIME.get()
}

/// Makes the runtime of blocking functions the current one of this thread.
#[cold]
pub(crate) fn enter() -> Option<EnterGuard<'static>> {
    runtime().map(Handle::enter)
}

#[cold]
fn start() -> Option<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    let handle = runtime.handle().clone();
    let thread = thread::Builder::new().name("paced".to_owned());
    let drive = move || runtime.block_on(future::pending::<()>());
    thread.spawn(drive).ok().map(|_| handle)
}
