//! Events about keys in a store: one for all of them, and none with the name of a key.

use core::fmt::Debug;
use core::fmt::Write as _;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Error;
use paced::Keyed;
use tokio::time::sleep;
use tracing::Event;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing::span::Attributes;
use tracing::span::Id;
use tracing::span::Record;

use super::ACME;
use super::outages::Moody;
use super::per_second;

/// Keeps the events as text.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").expect("a text takes all");
    }
}

impl Subscriber for Heard {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().expect("no panic").push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_once_for_all_keys() -> Result<(), Error> {
    let heard = Heard::default();
    let _guard = tracing::subscriber::set_default(heard.clone());
    let store = Arc::new(Moody::default());
    let builder = Keyed::<str>::builder(per_second(5, 5)).name("crm");
    let keyed = builder.store(store.clone()).build()?;
    let tenants = ["acme", "globex", "initech"];
    for is_away in [true, false] {
        store.set_away(is_away);
        for _ in 0..3 {
            for tenant in tenants {
                keyed.acquire(tenant).await?;
            }
            sleep(Duration::from_secs(2)).await;
        }
    }
    let permit = keyed.acquire("acme").await?;
    permit.refused(Some(Duration::from_secs(7)));
    let heard = heard.0.lock().expect("no panic").clone();
    let told = |part: &str| heard.iter().filter(|text| text.contains(part)).count();
    assert_eq!(
        (told("the store is away"), told("the store is back")),
        (1, 1),
        "{heard:#?}"
    );
    assert_eq!(told("a pause begins"), 1, "{heard:#?}");
    for text in &heard {
        assert!(!text.contains(&ACME[4..]), "{text}");
        assert!(
            tenants.iter().all(|tenant| !text.contains(tenant)),
            "{text}"
        );
        assert!(
            text.contains("limiter=\"crm\" ") || text.contains("limiter=crm "),
            "{text}"
        );
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_thousand_keys_tell_of_an_outage_as_one_does() -> Result<(), Error> {
    let heard = Heard::default();
    let _guard = tracing::subscriber::set_default(heard.clone());
    let store = Arc::new(Moody::default());
    let builder = Keyed::<u32>::builder(per_second(5, 5)).name("crm");
    let keyed = builder.store(store.clone()).build()?;
    let told = |part: &str| {
        let heard = heard.0.lock().expect("no panic");
        heard.iter().filter(|text| text.contains(part)).count()
    };
    // The store is away for some keys and answers others, in turns.
    for round in 0..40 {
        for key in 0..50 {
            store.set_away(key % 2 == 0);
            keyed.acquire(&(key + 50 * (round % 20))).await?;
        }
        sleep(Duration::from_millis(550)).await;
    }
    let (away, back) = (told("the store is away"), told("the store is back"));
    // In 22 s. Which key asks the store first differs from run to run.
    assert!((1..=3).contains(&away) && back <= away, "{away} {back}");
    Ok(())
}
