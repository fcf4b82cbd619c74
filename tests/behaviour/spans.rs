//! Spans of calls, which are made only while a subscriber listens to them.

use paced::rate_limited;
use tracing::Level;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::span::Attributes;
use tracing::span::Id;
use tracing::span::Record;

use crate::support::Log;

/// Counts the spans, and listens to a level and all above.
struct Spans(Level, Log<String>);

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.0
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.0.into())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.1.add(format!("new {}", span.metadata().name()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &tracing::Event<'_>) {}

    fn enter(&self, _: &Id) {
        self.1.add("enter".to_owned());
    }

    fn exit(&self, _: &Id) {
        self.1.add("exit".to_owned());
    }

    fn try_close(&self, _: Id) -> bool {
        self.1.add("close".to_owned());
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_has_a_span_while_a_subscriber_listens() {
    #[rate_limited(rate = 10)]
    async fn quiet() -> std::io::Result<()> {
        tracing::trace!("in the body");
        tokio::task::yield_now().await;
        Ok(())
    }
    for (level, spans) in [(Level::INFO, 0), (Level::DEBUG, 2)] {
        let log = Log::new();
        let _guard = tracing::subscriber::set_default(Spans(level, log.clone()));
        quiet().await.unwrap();
        quiet().await.unwrap();
        let heard = log.entries();
        let new = heard.iter().filter(|it| *it == "new call").count();
        assert_eq!(new, spans, "{heard:?}");
        let count = |what: &str| heard.iter().filter(|it| *it == what).count();
        assert_eq!(count("enter"), count("exit"), "{heard:?}");
        assert!(count("enter") >= 2 * spans, "{heard:?}");
    }
}
