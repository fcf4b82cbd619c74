//! A process that uses a store in a file: does what it is told, line by line, and says what came of it.
//!
//! ```text
//! draw KEY TOKENS        draws tokens that are free now
//! pause KEY TICKS
//! resume KEY
//! peek KEY
//! hammer KEY TICKS       draws one token after the other for so long
//! fill FILE              writes a file until the disk is full
//! remove FILE
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::io::Write as _;

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::PauseKind;
use paced::store::Reply;
use paced::store::Request;
use paced::store::SqliteStore;
use paced::store::Store as _;
use paced::store::StoreError;
use paced::store::Ticks;

/// Interval that the tests expect: 2000 tokens per second, 100 at once.
const INTERVAL: Ticks = Ticks::new(2000);
const BURST: u32 = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("no path")?;
    let store = SqliteStore::open(path)?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        let said = match *words.as_slice() {
            ["draw", key, tokens] => said(&ask(&store, key, free(tokens.parse()?)).await),
            ["pause", key, duration] => {
                let duration = Ticks::new(duration.parse()?);
                let kind = PauseKind::Wait;
                said(&ask(&store, key, Action::Pause { duration, kind }).await)
            }
            ["resume", key] => said(&ask(&store, key, Action::Resume { forget: false }).await),
            ["peek", key] => said(&ask(&store, key, Action::Peek).await),
            ["hammer", key, ticks] => hammer(&store, key, Ticks::new(ticks.parse()?)).await,
            ["fill", path] => fill(path),
            ["remove", path] => fs::remove_file(path).map(|()| "done".to_owned())?,
            _ => return Err(line.into()),
        };
        println!("{said}");
    }
    Ok(())
}

const fn free(tokens: u32) -> Action {
    Action::Draw {
        tokens,
        horizon: Ticks::ZERO,
        longest: Ticks::ZERO,
        drain: false,
    }
}

async fn ask(store: &SqliteStore, key: &str, action: Action) -> Result<Reply, StoreError> {
    let limits = Limits::one(Limit::new(INTERVAL, BURST));
    store.transact(key, &Request::new(action, limits)).await
}

fn said(answer: &Result<Reply, StoreError>) -> String {
    match answer {
        Ok(answer) => {
            let pause = answer.state.paused_until - answer.now;
            format!("granted {} paused {}", answer.granted(), pause.get())
        }
        Err(error) if error.is_rejected() => format!("rejected {error}"),
        Err(error) => format!("unavailable {error}"),
    }
}

/// How many were granted, and between which instants of the store.
async fn hammer(store: &SqliteStore, key: &str, ticks: Ticks) -> String {
    let (mut granted, mut first, mut last) = (0, None, Ticks::ZERO);
    while first.is_none_or(|first: Ticks| last < first + ticks) {
        match ask(store, key, free(1)).await {
            Ok(answer) => {
                granted += answer.granted();
                first.get_or_insert(answer.now);
                last = answer.now;
            }
            error => return said(&error),
        }
    }
    format!(
        "granted {granted} from {} to {}",
        first.unwrap_or(Ticks::ZERO).get(),
        last.get()
    )
}

fn fill(path: &str) -> String {
    let fill = || -> std::io::Result<()> {
        let mut file = fs::File::create(path)?;
        loop {
            file.write_all(&[1])?;
        }
    };
    fill().map_or_else(|error| error.kind().to_string(), |()| String::new())
}
