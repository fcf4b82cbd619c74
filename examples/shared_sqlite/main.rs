//! Several processes that call one API and keep to its limit together, through a file.
//!
//! ```text
//! cargo run -p examples --example shared_sqlite
//! cargo run -p examples --example shared_sqlite -- --alone     # each process with a limit of its own
//! ```
//!
//! It starts a server, and itself as often as asked for. It ends with an error status if a call failed or the server's
//! quota was overrun.
#![forbid(unsafe_code)]

mod client;
mod fleet;

use std::{error::Error, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use examples::server::{self, Limits};
use reqwest::Url;

use crate::fleet::Fleet;

/// Limits of the server.
const QUOTA: Limits = Limits {
    rate: 20.0,
    burst: 10,
    outage_at: 0,
};

/// Longer than any run takes: then something hangs.
const LONGEST: Duration = Duration::from_secs(60);

/// Calls a rate-limited API from several processes that share one limit.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// Processes to start.
    #[arg(long, default_value_t = 4)]
    processes: u32,
    /// Calls that each of them makes.
    #[arg(long, default_value_t = 40)]
    calls: u32,
    /// Each process keeps to the limit by itself, without knowing of the others.
    #[arg(long)]
    alone: bool,
    /// Be one of the processes, and call this address.
    #[arg(long, hide = true)]
    url: Option<Url>,
    /// The file that holds the limit.
    #[arg(long, hide = true, default_value = "quota.db")]
    file: PathBuf,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    if let Some(url) = options.url {
        let store = (!options.alone).then(|| format!("sqlite:{}", options.file.display()));
        let report = client::call_all(url, store, options.calls).await;
        println!("{report}");
        return Ok(ExitCode::SUCCESS);
    }
    let folder = std::env::temp_dir().join(format!("paced-shared-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let fleet = run(&options, folder.join("quota.db")).await;
    std::fs::remove_dir_all(&folder)?;
    let fleet = fleet?;
    print!("{fleet}");
    Ok(if fleet.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run(options: &Options, file: PathBuf) -> Result<Fleet, Box<dyn Error>> {
    let address = server::start(QUOTA).await?;
    let how = if options.alone {
        "each with a limit of its own"
    } else {
        "with one limit for all of them"
    };
    println!(
        "{} processes make {} calls each to {address}, {how}",
        options.processes, options.calls
    );
    let options = Options {
        url: Some(format!("http://{address}/user").parse()?),
        file,
        ..options.clone()
    };
    tokio::time::timeout(LONGEST, Fleet::run(&options, QUOTA)).await?
}
