//! The `tracing` events of a limiter about its store.

use core::fmt;
use core::fmt::Write as _;
use std::sync::Arc;

use paced::Limiter;
use paced::rate_limited;
use paced::store::Policy;
use tokio::time::Instant;
use tokio::time::advance;
use tracing::Event;
use tracing::Level;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing::span::Attributes;
use tracing::span::Id;
use tracing::span::Record;

use crate::sharing::with_policy;
use crate::stores::Fate;
use crate::stores::Scripted;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

/// Keeps the events of the crate.
#[derive(Clone)]
pub(crate) struct Listener(pub(crate) Log<(Level, String)>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        assert!(
            !target.starts_with("paced::"),
            "one target for all: {target}"
        );
        target == "paced"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.add((*event.metadata().level(), text.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{field}={value:?} ").expect("a text takes all");
    }
}

#[tokio::test(start_paused = true)]
async fn every_change_is_said_once() {
    let heard = Log::new();
    let _guard = tracing::subscriber::set_default(Listener(heard.clone()));
    let store = Arc::new(Scripted::new());
    let limiter = with_policy(&store, 1000.0, 10, Policy::new());
    for (fate, refused) in [
        (Fate::Works, false),
        (Fate::Fails, false),
        (Fate::Works, false),
        (Fate::Rejects, true),
        (Fate::Works, false),
        (Fate::Hangs, false),
        (Fate::Works, false),
    ] {
        store.set(fate);
        // Of the same kind there is one in ten seconds.
        advance(ms(if fate == Fate::Works { 1100 } else { 11_000 })).await;
        for _ in 0..20 {
            assert_eq!(limiter.acquire().await.is_err(), refused, "{fate:?}");
            advance(ms(30)).await;
        }
    }
    let said: Vec<_> = heard.entries();
    let levels: Vec<_> = said.iter().map(|(level, _)| *level).collect();
    let right = [
        Level::WARN,
        Level::INFO,
        Level::ERROR,
        Level::INFO,
        Level::WARN,
        Level::INFO,
    ];
    assert_eq!(levels, right, "{said:?}");
    for ((_, text), part) in said.iter().zip([
        "the store is away: connection refused",
        "the store is back",
        "the store refuses: wrong password",
        "the store is back",
        "the store has not answered within 150ms",
        "the store is back",
    ]) {
        assert!(
            text.contains(part) && text.contains("limiter=api"),
            "{text}"
        );
    }
}

/// Number of events that a store was away or late, number of those that were left out, and number of events that it was back.
fn said_of_store(heard: &Log<(Level, String)>) -> (usize, u64, usize) {
    let said = heard.entries();
    let count = |level| said.iter().filter(|event| event.0 == level).count();
    let left_out = said.iter().filter_map(|(_, text)| {
        let (_, after) = text.split_once("left_out=")?;
        after.split(' ').next()?.parse::<u64>().ok()
    });
    (count(Level::WARN), left_out.sum(), count(Level::INFO))
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_said_once_however_long_it_lasts() {
    let heard = Log::new();
    let _guard = tracing::subscriber::set_default(Listener(heard.clone()));
    let store = Arc::new(Scripted::new());
    let limiter = with_policy(&store, 1000.0, 10, Policy::new());
    store.set(Fate::Fails);
    for _ in 0..350 {
        limiter.acquire().await.expect("the process has its share");
        advance(ms(100)).await;
    }
    let (away, left_out, back) = said_of_store(&heard);
    assert_eq!((away, left_out, back), (1, 0, 0), "{:#?}", heard.entries());
    store.set(Fate::Works);
    for _ in 0..20 {
        limiter.acquire().await.expect("it is back");
        advance(ms(100)).await;
    }
    assert_eq!(said_of_store(&heard), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_late_again_and_again_is_said_once_in_ten_seconds() {
    let heard = Log::new();
    let _guard = tracing::subscriber::set_default(Listener(heard.clone()));
    let store = Arc::new(Scripted::new());
    let limiter = with_policy(&store, 1000.0, 1, Policy::new());
    store.set(Fate::Late(200, 0));
    for _ in 0..70 {
        limiter.acquire().await.expect("the process has its share");
        advance(ms(500)).await;
    }
    let (away, left_out, back) = said_of_store(&heard);
    assert_eq!((away, back), (4, 4), "{:#?}", heard.entries());
    assert!(left_out > 20, "{:#?}", heard.entries());
}

/// A function whose errors are not understood, and others of whose errors something is known.
mod unread {
    use std::io;

    use paced::ResponseExt as _;
    use paced::Verdict;
    use paced::rate_limited;

    use crate::support::ApiError;
    use crate::support::response;

    #[derive(Debug, thiserror::Error)]
    #[error("of an unknown client")]
    pub(super) struct Foreign;

    #[rate_limited(rate = 1000)]
    pub(super) async fn text() -> Result<(), String> {
        Err("https://host/?key=secret".to_owned())
    }

    #[rate_limited(rate = 1000)]
    pub(super) async fn foreign() -> Result<(), Foreign> {
        Err(Foreign)
    }

    #[rate_limited(rate = 1000)]
    pub(super) async fn boxed() -> anyhow::Result<()> {
        Err(Foreign.into())
    }

    #[rate_limited(rate = 1000, max_retries = retries)]
    pub(super) async fn each(retries: u32) -> Result<(), Foreign> {
        Err(Foreign)
    }

    #[rate_limited(rate = 1000)]
    pub(super) async fn observed() -> Result<(), Foreign> {
        let _ = response(404, &[]).observe();
        Err(Foreign)
    }

    #[rate_limited(rate = 1000)]
    pub(super) async fn signalled() -> Result<(), ApiError> {
        Err(ApiError::of(paced::Failure::Other))
    }

    #[rate_limited(rate = 1000, classify = |_| Verdict::Stop)]
    pub(super) async fn judged() -> Result<(), Foreign> {
        Err(Foreign)
    }

    #[rate_limited(rate = 1000)]
    pub(super) async fn denied() -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    #[rate_limited(rate = 1000)]
    pub(super) async fn built() -> reqwest::Result<()> {
        reqwest::get("no url").await.map(drop)
    }

    #[rate_limited(rate = 1000)]
    pub(super) async fn refused() -> Result<(), paced::Error> {
        #[rate_limited(rate = 1, burst = 1, max_wait = "1ms")]
        async fn inner() -> Result<(), paced::Error> {
            Ok(())
        }
        inner().await?;
        inner().await
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_understood_is_said_once_for_each_function() {
    let heard = Log::new();
    let _guard = tracing::subscriber::set_default(Listener(heard.clone()));
    for _ in 0..3 {
        unread::observed().await.unwrap_err();
        unread::signalled().await.unwrap_err();
        unread::judged().await.unwrap_err();
        unread::denied().await.unwrap_err();
        unread::built().await.unwrap_err();
        unread::refused().await.unwrap_err();
    }
    let warned = || {
        let heard = heard.entries().into_iter();
        heard
            .filter(|(level, _)| *level == Level::WARN)
            .collect::<Vec<_>>()
    };
    assert!(warned().is_empty(), "{:?}", warned());
    for _ in 0..3 {
        unread::text().await.unwrap_err();
        unread::foreign().await.unwrap_err();
        unread::boxed().await.unwrap_err();
        unread::each(1).await.unwrap_err();
    }
    let said = warned();
    assert_eq!(said.len(), 4, "{said:?}");
    for ((level, text), name) in said.iter().zip(["text", "foreign", "boxed", "each"]) {
        assert_eq!(*level, Level::WARN);
        let function = format!("unread::{name}");
        assert!(
            text.contains(&function) && text.contains("classify"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_of_calls_that_cannot_be_refused_is_said_once_before_it_begins() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<(), String> {
        Ok(())
    }
    let heard = Log::new();
    let _guard = tracing::subscriber::set_default(Listener(heard.clone()));
    let (limiter, start) = (limiter(1.0, 10), Instant::now());
    let warnings = || -> Vec<_> {
        let all = heard.entries().into_iter();
        all.filter(|event| event.0 == Level::WARN).collect()
    };
    limiter.cooldown_for(secs(5));
    call(&limiter).await.unwrap();
    assert!(warnings().is_empty());
    limiter.cooldown_for(secs(60));
    let both = async { tokio::join!(call(&limiter), call(&limiter)) };
    tokio::pin!(both);
    assert!(poll_once(&mut both).is_pending());
    let events = warnings();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].1.contains("wait=60s"), "{events:?}");
    assert!(events[0].1.contains("cannot be refused"), "{events:?}");
    assert!(events[0].1.contains("::call "), "{events:?}");
    both.await.0.unwrap();
    assert_eq!(since(start), 66_000);
    assert_eq!(warnings().len(), 1);
}
