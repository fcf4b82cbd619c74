//! Attributes above, below and inside of the function.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use paced::rate_limited;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, instrument};

use crate::support::{Api, Status};

/// Counts the spans that are opened.
#[derive(Clone, Default)]
struct Spans(Arc<AtomicU32>);

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == module_path!()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        let earlier = self.0.fetch_add(1, Ordering::Relaxed);
        Id::from_u64(u64::from(earlier) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[rate_limited(rate = 1000)]
#[instrument(skip(api))]
async fn span_per_call(api: &Api, name: &str) -> Result<usize, Status> {
    api.answer(name.len()).await
}

#[instrument(skip(api))]
#[rate_limited(rate = 1000)]
async fn span_per_attempt(api: &Api, name: &str) -> Result<usize, Status> {
    api.answer(name.len()).await
}

#[tokio::test(start_paused = true)]
async fn instrument_below_opens_one_span_per_call() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(spans.clone());
    let api = Api::throttling(2);
    assert_eq!(span_per_call(&api, "a").await, Ok(1));
    assert_eq!((api.attempts(), spans.0.load(Ordering::Relaxed)), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn instrument_above_opens_one_span_per_attempt() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(spans.clone());
    let api = Api::throttling(2);
    assert_eq!(span_per_attempt(&api, "a").await, Ok(1));
    assert_eq!((api.attempts(), spans.0.load(Ordering::Relaxed)), (3, 3));
}

/// Adds what is there.
#[rate_limited(rate = 1000)]
#[must_use = "the sum is why one calls it"]
#[inline]
async fn with_cfg(
    api: &Api,
    #[cfg(test)] present: Vec<u32>,
    #[cfg(not(test))] absent: Vec<Missing>,
    #[cfg_attr(
        test,
        expect(unused_variables, reason = "the compiler still sees that it is unused")
    )]
    unused: u8,
) -> Result<u32, Status> {
    #[cfg(not(test))]
    let present = absent;
    api.answer(present.iter().sum()).await
}

#[tokio::test(start_paused = true)]
async fn attributes_and_cfg_on_arguments() {
    let api = Api::throttling(1);
    assert_eq!(with_cfg(&api, vec![1, 2], 0).await, Ok(3));
    assert_eq!(api.attempts(), 2);
}

#[rate_limited(rate = 1000)]
async fn with_inner_attribute(api: &Api) -> Result<u32, Status> {
    #![expect(unused_variables, reason = "it is on the whole body")]
    let unused = 1;
    api.answer(2).await
}

#[tokio::test(start_paused = true)]
async fn inner_attributes() {
    let api = Api::throttling(1);
    assert_eq!(with_inner_attribute(&api).await, Ok(2));
    assert_eq!(api.attempts(), 2);
}
