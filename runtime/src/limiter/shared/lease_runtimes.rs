//! Runtimes on which the task can run that leases slots from a store.

use tokio::runtime::Handle;
use tokio::runtime::Id;

/// Runtime of the task that leases slots, and another one that can take over when it ends.
#[derive(Debug)]
pub(super) struct LeaseRuntimes {
    task: Id,
    /// Runtime from which the limiter was called last, of those that do not have the task.
    other: Option<Handle>,
}

impl LeaseRuntimes {
    pub(super) const fn new(task: Id) -> Self {
        Self { task, other: None }
    }

    /// Records that the task is started on this runtime.
    pub(super) fn started_on(&mut self, runtime: Id) {
        self.task = runtime;
        self.other.take_if(|other| other.id() == runtime);
    }

    /// Records a call from a runtime.
    pub(super) fn called_from(&mut self, runtime: &Handle) {
        let id = runtime.id();
        let is_known = |other: &Handle| other.id() == id;
        if id != self.task && !self.other.as_ref().is_some_and(is_known) {
            self.other = Some(runtime.clone());
        }
    }

    /// Returns the runtime that takes the task over from one that has ended.
    pub(super) fn take_other(&mut self, ended: Id) -> Option<Handle> {
        self.other.take().filter(|other| other.id() != ended)
    }
}
