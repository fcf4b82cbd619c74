//! A process whose calls share slots with those of others: `slots_process STORE SLOTS CALLERS`. It reads orders, a line each:
//!
//! * `count`: it says how many of its calls are in flight, and how many have been.
//! * `keep`, `go on`: calls in flight do not end, or do again after half a second.
//! * `events`: it says how many calls in flight have lost their slot, as its events tell.
#![forbid(unsafe_code)]

use core::fmt;
use core::num::NonZeroU32;
use core::time::Duration;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use paced::Limiter;
use paced::Quota;
use paced::store;
use tokio::sync::watch;
use tracing::Event;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing::span::Attributes;
use tracing::span::Id;
use tracing::span::Record;

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<(), Box<dyn Error>> {
    let [_, url, slots, callers] = std::env::args()
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "three arguments")?;
    let lost = Arc::new(AtomicU64::new(0));
    tracing::subscriber::set_global_default(LostSlots(Arc::clone(&lost)))?;
    let thousand = NonZeroU32::new(1000).ok_or("zero")?;
    let builder = Limiter::builder(Quota::per_second(thousand)).name("shared");
    let builder = builder.store(store::connect(&url)?);
    let limiter = builder.max_concurrency(slots.parse()?).build()?;
    let (keeps, kept) = watch::channel(false);
    for _ in 0..callers.parse::<u32>()? {
        tokio::spawn(call(limiter.clone(), kept.clone()));
    }
    tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines() {
            let Ok(order) = line else { return };
            match order.as_str() {
                "keep" | "go on" => drop(keeps.send_replace(order == "keep")),
                "events" => println!("{}", lost.load(SeqCst)),
                _ => {
                    let snapshot = limiter.snapshot();
                    println!("{} {}", snapshot.in_flight, snapshot.counts.granted);
                }
            }
        }
    })
    .await?;
    Ok(())
}

async fn call(limiter: Limiter, mut kept: watch::Receiver<bool>) {
    while let Ok(permit) = limiter.acquire().await {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if kept.wait_for(|keep| !keep).await.is_err() {
            return;
        }
        drop(permit);
    }
}

/// Adds up the calls of events about leases that have ended.
struct LostSlots(Arc<AtomicU64>);

impl Subscriber for LostSlots {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "paced"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut told = Told::default();
        event.record(&mut told);
        if told.is_of_leases {
            self.0.fetch_add(told.calls, SeqCst);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Fields of an event.
#[derive(Default)]
struct Told {
    calls: u64,
    is_of_leases: bool,
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "calls" => self.calls = text.parse().unwrap_or_default(),
            "message" => self.is_of_leases = text.starts_with("the leases of calls in flight"),
            _ => {}
        }
    }
}
