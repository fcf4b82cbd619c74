//! Waits of functions that are not asynchronous: on which thread they may be, and the runtime that ends them.

mod own_runtime;
mod thread;

pub(crate) use self::own_runtime::enter;
pub(crate) use self::own_runtime::runtime;
pub(crate) use self::thread::may_block;
