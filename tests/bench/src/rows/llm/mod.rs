//! Callers of a language model whose provider limits requests and tokens, on real connections. Minutes take seconds.

mod annotated;
mod callers;
mod python;

use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Instant;

use test_support::provider::Charge;
use test_support::provider::Prompts;
use test_support::provider::Service;
use test_support::provider::Usage;
use test_support::provider::openai;
use test_support::served::Served;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::table::Table;

use callers::Caller;

/// Factor by which time is faster: a minute takes a second.
const FASTER: u32 = 60;

/// Requests in a minute.
const REQUESTS: u32 = 1_200;

/// Tokens in a minute.
const TOKENS: u32 = 60_000;

/// Requests at once, half of those that the server lets through.
const REQUESTS_AT_ONCE: u32 = 100;

/// Tokens at once, a tenth less than the server lets through.
const TOKENS_AT_ONCE: u32 = 54_000;

/// Tokens that an answer is taken to have before it is there.
const TYPICAL: u64 = 150;

/// Time in which calls begin.
const LASTING: Duration = Duration::from_secs(6);

/// Callers that call one after the other.
const CALLERS: u64 = 32;

/// Kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Charges the larger of prompt and `max_tokens` at the start, and nothing after.
    Start,
    /// Reserves prompt and `max_tokens` until the end.
    Reserve,
    /// Charges prompt and answer at the end.
    End,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Start, Self::Reserve, Self::End];

    const fn charge(self) -> Charge {
        match self {
            Self::Start => Charge::Start,
            Self::Reserve => Charge::Reserve,
            Self::End => Charge::End,
        }
    }

    fn service(self) -> Service {
        let service = openai(u64::from(REQUESTS), u64::from(TOKENS));
        service.charging(self.charge()).faster(FASTER)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "charges at the start",
            Self::Reserve => "reserves `max_tokens`",
            Self::End => "charges at the end",
        })
    }
}

/// Figures of one contender and one kind of server.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    /// Kind of server.
    kind: Kind,
    /// Name of the contender.
    name: &'static str,
    /// Share of the tokens that the server counted.
    share: f64,
    /// Requests that the server refused, by row.
    refused: Vec<(&'static str, u32)>,
    /// Calls that were made.
    calls: u32,
    /// Calls that failed in the end.
    failed: u32,
}

impl Figures {
    fn new(kind: Kind, name: &'static str, served: &Served, (calls, failed): (u32, u32)) -> Self {
        let usage = served.usage();
        let tokens = usage.iter().find(|row| row.name == "tokens");
        Self {
            kind,
            name,
            share: tokens.map_or(0.0, Usage::share),
            refused: usage.iter().map(|row| (row.name, row.refused)).collect(),
            calls,
            failed,
        }
    }

    /// Returns the number of requests that the server refused.
    fn refused(&self) -> u32 {
        self.refused.iter().map(|(_, count)| count).sum()
    }
}

/// Runs all contenders against each kind of server, one after the other, for two minutes in all.
///
/// # Errors
///
/// When a server cannot be started.
pub(super) fn run(mut note: impl FnMut(&str)) -> io::Result<Vec<Figures>> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for caller in Caller::ALL {
            note(&format!("language model that {kind}: {}", caller.name()));
            all.push(one(kind, caller)?);
        }
        note(&format!("language model that {kind}: token-throttle"));
        let served = Served::start(kind.service())?;
        match python::run(kind, served.address()) {
            Ok(counts) => all.push(Figures::new(kind, "token-throttle", &served, counts)),
            Err(why) => note(&format!("token-throttle is left out: {why}")),
        }
    }
    Ok(all)
}

fn one(kind: Kind, caller: Caller) -> io::Result<Figures> {
    let served = Arc::new(Served::start(kind.service())?);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let counts = runtime.block_on(call_for_a_while(kind, caller, &served));
    Ok(Figures::new(kind, caller.name(), &served, counts))
}

/// Returns the numbers of calls and of failed ones.
async fn call_for_a_while(kind: Kind, caller: Caller, served: &Arc<Served>) -> (u32, u32) {
    let calls = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
    let ready = Arc::new(caller.ready(kind));
    let (begun, mut tasks) = (Instant::now(), JoinSet::new());
    for series in 0..CALLERS {
        let (served, calls) = (Arc::clone(served), Arc::clone(&calls));
        let ready = Arc::clone(&ready);
        tasks.spawn(async move {
            let mut prompts = Prompts::new(series);
            while begun.elapsed() < LASTING {
                let Some(prompt) = prompts.next() else { break };
                let succeeded = ready.call(&served.url(&prompt), &prompt).await;
                calls.0.fetch_add(1, Ordering::Relaxed);
                calls.1.fetch_add(u32::from(!succeeded), Ordering::Relaxed);
            }
        });
    }
    tasks.join_all().await;
    (
        calls.0.load(Ordering::Relaxed),
        calls.1.load(Ordering::Relaxed),
    )
}

/// Returns the number after `"total_tokens":`.
fn total_tokens(body: &str) -> Option<u32> {
    let (_, rest) = body.split_once("\"total_tokens\":")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Returns the figures as a table.
pub(super) fn table(all: &[Figures]) -> Table {
    let explanation = format!(
        "A server on loopback limits {REQUESTS} requests and {TOKENS} tokens in a minute, which takes a second here, with \
         OpenAI's headers. {CALLERS} callers have prompts of 100 to 500 tokens, `max_tokens` of 400, and answers of 20 to \
         400, for {} minutes. Shares are those that the server counts, of all that it offers in this time. Declared are \
         the limits of the server with {REQUESTS_AT_ONCE} requests and {TOKENS_AT_ONCE} tokens at once, where a contender \
         has that. governor has a limiter for each row, and takes the bound of a call from it.",
        LASTING.as_secs() * u64::from(FASTER) / 60
    );
    let head = [
        "server",
        "client",
        "share of the tokens",
        "refused",
        "by row",
        "calls",
        "failed",
    ];
    let mut table = Table::new("Tokens of a language model", explanation, head);
    for figures in all {
        let by_row = figures.refused.iter().filter(|(_, count)| *count > 0);
        let by_row: Vec<_> = by_row
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        table.push([
            figures.kind.to_string(),
            figures.name.to_owned(),
            format!("{:.3}", figures.share),
            figures.refused().to_string(),
            by_row.join(", "),
            figures.calls.to_string(),
            figures.failed.to_string(),
        ]);
    }
    table
}
