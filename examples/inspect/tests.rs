//! The table beside what limiters have done to real stores.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use examples::redis::Redis;
use paced::Limiter;
use paced::Quota;
use paced::store;
use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::Store;
use paced::store::Ticks;

use super::Options;
use super::inspect;
use super::words::lasting;

/// A folder that goes with this value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("paced-inspect-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.0.join("quota.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn options(arguments: &[&str]) -> Options {
    let all = ["inspect"].iter().chain(arguments);
    Options::try_parse_from(all).expect("options")
}

/// One token in an hour, so that no figure depends on how fast this machine is.
fn quota() -> Quota {
    let rate = "1/h".parse().expect("a rate");
    Quota::new(rate).with_burst(10.try_into().expect("a burst"))
}

/// Three limiters: one that three tokens were taken of, one that is paused, one with a rate that was learnt.
async fn fill(store: &Arc<dyn Store>) {
    let limiter = |name| {
        Limiter::builder(quota())
            .name(name)
            .store(Arc::clone(store))
            .unregistered()
            .build()
    };
    let used = limiter("used").expect("a limiter");
    for _ in 0..3 {
        used.acquire().await.expect("a free token");
    }
    let paused = limiter("paused").expect("a limiter");
    paused.acquire().await.expect("a free token");
    paused.cooldown_for(Duration::from_secs(1800));
    let learn = Action::Learn {
        row: 0,
        interval: Ticks::from_secs(7200),
        duration: Ticks::from_secs(600),
    };
    let limits = Limits::one(Limit::new(Ticks::from_secs(3600), 10));
    let learn = Request::new(learn, limits);
    store.transact("slow", &learn).await.expect("an answer");
    // A limiter shows its own pause before the store has heard of it; another one shows what the store knows.
    let other = limiter("paused").expect("a limiter");
    while other
        .shared_snapshot()
        .await
        .expect("a store")
        .cooldown
        .is_none()
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The cells of each row.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let rows = table
        .lines()
        .skip_while(|line| !line.starts_with("limiter"));
    let rows = rows.take_while(|line| !line.is_empty());
    rows.map(|line| {
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect()
    })
    .collect()
}

fn assert_shows_what_was_filled_in(table: &str) {
    assert!(table.starts_with("3 limiters, at "), "{table}");
    let rows = cells(table);
    let [head, paused, slow, used] = rows.as_slice() else {
        panic!("{table}");
    };
    assert_eq!(
        head[..],
        [
            "limiter",
            "rate",
            "available",
            "paused until",
            "why",
            "learnt",
            "last seen"
        ]
    );
    assert_eq!(
        used[..6],
        ["used", "1/h, burst 10", "7 of 10", "not paused", "-", "-"],
        "{table}"
    );
    assert!(used[6].ends_with(" ago"), "{table}");
    assert_eq!(paused[..2], ["paused", "-"], "{table}");
    assert!(paused[2].starts_with("full in 10 h "), "{table}");
    let until = paused[3];
    assert!(
        until.contains(" UTC (29 min ") || until.contains("(30 min)"),
        "{table}"
    );
    assert_eq!(
        slow[..5],
        ["slow", "-", "full", "not paused", "-"],
        "{table}"
    );
    assert!(slow[5].starts_with("12/d for "), "{table}");
    assert!(table.contains("keeps no rates"), "{table}");
}

#[tokio::test]
async fn the_limiters_of_a_file_are_shown_in_words() {
    let folder = Folder::new("file");
    let url = folder.url();
    fill(&store::connect(&url).expect("a store")).await;
    let table = inspect(&options(&[&url, "--rate", "used=1/h,10"])).await;
    assert_shows_what_was_filled_in(&table.expect("a table"));
    let table = inspect(&options(&[&url, "--prefix", "us"]))
        .await
        .expect("a table");
    assert!(
        table.starts_with("1 limiter,") && table.contains("full in 2 h 59 min"),
        "{table}"
    );
}

#[tokio::test]
async fn the_limiters_of_a_server_are_shown_in_words() {
    let server = match Redis::start() {
        Ok(server) => server,
        Err(why) => {
            assert!(std::env::var_os("PACED_REQUIRE_REDIS").is_none(), "{why}");
            println!("skipped: {why}");
            return;
        }
    };
    // Others' names are not shown, as they are in no namespace.
    let (all, own) = (server.url(), format!("{}?namespace=staging", server.url()));
    fill(&store::connect(&own).expect("a store")).await;
    let other = store::connect(&all).expect("a store");
    let other = Limiter::builder(quota())
        .name("other")
        .store(other)
        .unregistered()
        .build()
        .expect("a limiter");
    other.acquire().await.expect("a free token");
    let table = inspect(&options(&[&own, "--rate", "used=1/h,10"])).await;
    assert_shows_what_was_filled_in(&table.expect("a table"));
    let table = inspect(&options(&[&all, "--most", "1"]))
        .await
        .expect("a table");
    assert!(
        table.contains("staging/used") && table.contains("other"),
        "{table}"
    );
}

#[tokio::test]
async fn a_file_that_is_missing_is_an_error_and_stays_missing() {
    let folder = Folder::new("missing");
    let error = inspect(&options(&[&folder.url()])).await.unwrap_err();
    assert!(error.to_string().starts_with("there is no file"), "{error}");
    assert_eq!(std::fs::read_dir(&folder.0).expect("a folder").count(), 0);
}

#[test]
fn durations_have_two_units_at_most() {
    for (millis, words) in [
        (350, "350 ms"),
        (3_210, "3.2 s"),
        (245_000, "4 min 5 s"),
        (7_500_000, "2 h 5 min"),
        (86_400_000, "1 d"),
    ] {
        assert_eq!(lasting(Duration::from_millis(millis)), words);
    }
}

#[test]
fn a_rate_of_another_form_is_refused_in_words() {
    for (text, words) in [
        ("github", "NAME=RATE"),
        ("github=5/x", "unit of time"),
        ("github=5/s,0", "NAME=RATE"),
    ] {
        let error = text.parse::<super::Declared>().unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_key_is_shown_by_the_beginning_of_its_hash() {
    let hash = "cb04295cfece476663eaedddc2930b79";
    for (name, limiter, key) in [
        (format!("crm:{hash}"), "crm", Some("key cb04295c")),
        (
            format!("crm:{hash}#search"),
            "crm",
            Some("key cb04295c#search"),
        ),
        (format!("api::get:{hash}"), "api::get", Some("key cb04295c")),
        ("api::get".to_owned(), "api::get", None),
        ("github#search".to_owned(), "github#search", None),
        (
            format!("crm:{}", &hash[1..]),
            &*format!("crm:{}", &hash[1..]),
            None,
        ),
    ] {
        let (found, shown) = crate::words::parted(&name);
        assert_eq!((found, shown.as_deref()), (limiter, key), "{name}");
    }
}

#[tokio::test]
async fn each_limit_of_several_is_shown_with_its_unit() {
    let folder = Folder::new("several");
    let url = folder.url();
    let store = store::connect(&url).expect("a store");
    let limiter = Limiter::builder(quota())
        .row("tokens", quota())
        .name("openai")
        .store(Arc::clone(&store))
        .unregistered()
        .build()
        .expect("two limits");
    drop(
        limiter
            .acquire_costs(&[("tokens", 3)])
            .await
            .expect("a permit"),
    );
    let closes = Action::Learn {
        row: 1,
        interval: Ticks::MAX,
        duration: Ticks::from_secs(1800),
    };
    let limits = Limits::new(&[Limit::new(Ticks::from_secs(3600), 10); 2]).expect("two limits");
    let closes = Request::new(closes, limits);
    store.transact("openai", &closes).await.expect("an answer");
    let table = inspect(&options(&[&url, "--units", "openai=requests,tokens"])).await;
    let table = table.expect("a table");
    let rows = cells(&table);
    let [_, all, requests, tokens] = rows.as_slice() else {
        panic!("{table}");
    };
    assert_eq!(all[..3], ["openai", "2 limits", "not paused"], "{table}");
    assert_eq!(
        requests[..],
        ["requests", "1/h, burst 10", "9 of 10"],
        "{table}"
    );
    assert_eq!(
        tokens[..3],
        ["tokens", "1/h, burst 10", "0 of 10"],
        "{table}"
    );
    assert!(
        tokens[3].contains(" UTC (29 min ") && tokens[4] == "used up",
        "{table}"
    );
    let table = inspect(&options(&[&url])).await.expect("a table");
    assert!(table.contains("limit 2"), "{table}");
}
