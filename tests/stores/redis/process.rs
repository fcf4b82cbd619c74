//! A process that shares a limit: `redis_process URL NAME RATE BURST CALLERS POLICY`.
//!
//! Prints a line for each permit, until its standard input ends. `cool 1500` there closes the limiter for
//! so many milliseconds, for all.

use std::io::BufRead as _;
use std::io::Write as _;
use std::num::NonZeroU32;
use std::time::Duration;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use paced::store;
use paced::store::OnStoreError;
use paced::store::Policy;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, name, rate, burst, callers, policy] = &arguments[..] else {
        panic!("URL NAME RATE BURST CALLERS POLICY");
    };
    let number = |text: &str| -> NonZeroU32 { text.parse().expect("a number") };
    let on_error = match policy.as_str() {
        "closed" => OnStoreError::Closed,
        _ => OnStoreError::Local,
    };
    let quota = Quota::new(Rate::per_second(number(rate))).with_burst(number(burst));
    let store = store::connect(url).expect("a store's URL");
    let policy = Policy::new().on_error(on_error);
    let limiter = Limiter::builder(quota)
        .name(name)
        .store(store)
        .store_policy(policy)
        .unregistered()
        .build()
        .expect("a limiter");

    for _ in 0..number(callers).get() {
        tokio::spawn(call(limiter.clone()));
    }
    let (sender, mut commands) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            sender.send(line.expect("text")).expect("the process runs");
        }
    });
    while let Some(command) = commands.recv().await {
        let millis = command.strip_prefix("cool ").expect("a command");
        limiter.cooldown_for(Duration::from_millis(millis.parse().expect("a number")));
        say("cooled");
    }
    // The other end is gone, or wants no more.
    std::process::exit(0);
}

async fn call(limiter: Limiter) {
    loop {
        match limiter.acquire().await {
            Ok(_) => say("permit"),
            Err(error) => {
                say(&format!("refused {error}"));
                // A refusal comes at once: without this the process would do nothing else.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

fn say(line: &str) {
    // One write, so that the lines of several tasks stay whole. No reader is left: the end.
    if std::io::stdout()
        .write_all(format!("{line}\n").as_bytes())
        .is_err()
    {
        std::process::exit(0);
    }
}
