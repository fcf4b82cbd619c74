//! Observations of a call: the log of its body, the drops of values, the spans.

use std::cell::RefCell;
use std::fmt::Debug;
use std::future::Future;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Adds a line to the log.
pub(crate) fn log(line: impl Into<String>) {
    LOG.with(|log| log.borrow_mut().push(line.into()));
}

/// A value that tells when it is dropped.
#[derive(Debug)]
pub(crate) struct Loud(pub(crate) &'static str);

impl Loud {
    pub(crate) fn name(&self) -> &'static str {
        self.0
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        log(format!("drop {}", self.0));
    }
}

/// A value that does something when it is dropped, unless it is told not to.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) armed: bool,
}

impl Guard {
    pub(crate) fn new() -> Self {
        Self { armed: true }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        log(if self.armed { "rolled back" } else { "kept" });
    }
}

/// Observations of one call, from here on.
pub(crate) struct Watch(tracing::subscriber::DefaultGuard);

impl Watch {
    pub(crate) fn begin() -> Self {
        LOG.with(|log| log.borrow_mut().clear());
        Self(tracing::subscriber::set_default(Spans))
    }

    /// Runs the call to its end.
    pub(crate) fn run(&self, future: impl Future<Output = impl Debug>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        log("called");
        let out = runtime.block_on(future);
        log(format!("{out:?}"));
    }

    pub(crate) fn end(self) -> Vec<String> {
        drop(self.0);
        LOG.with(|log| log.borrow_mut().split_off(0))
    }
}

/// Logs what becomes of spans.
struct Spans;

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.target().starts_with("paced")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        log(format!("new {}", span.metadata().name()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        log("event");
    }

    fn enter(&self, _: &Id) {
        log("enter");
    }

    fn exit(&self, _: &Id) {
        log("exit");
    }

    fn try_close(&self, _: Id) -> bool {
        log("close");
        true
    }
}
