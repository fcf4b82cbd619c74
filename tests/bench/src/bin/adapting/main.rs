//! Clients of servers whose limit they know, or take to be five times as high.
//!
//! `cargo run --release -p bench --bin adapting` prints a table. `--only paced`, `--server gcra`,
//! `--headers without` and `--declared wrong` run parts of it, `--counting` lets the servers count the
//! requests that they refuse, and `--trace` prints what each server saw.

mod contenders;
mod limit;
mod run;
mod server;

use core::time::Duration;
use std::process::ExitCode;

use test_support::kinds::Kind;
use test_support::kinds::RATE;

use crate::contenders::Contender;
use crate::contenders::Declared;
use crate::limit::right;
use crate::limit::strict;
use crate::run::Row;
use crate::run::Setting;
use crate::server::Manner;

/// How much too high the rate is that is declared wrong.
const TOO_HIGH: u32 = 5;

#[derive(Default)]
struct Options {
    only: Option<String>,
    server: Option<String>,
    headers: Option<String>,
    declared: Option<String>,
    counting: bool,
    trace: bool,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(unknown) => {
            eprintln!("no such option: {unknown}");
            return ExitCode::FAILURE;
        }
    };
    match measure(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let value = match argument.as_str() {
            "--counting" => {
                options.counting = true;
                continue;
            }
            "--trace" => {
                options.trace = true;
                continue;
            }
            "--only" => &mut options.only,
            "--server" => &mut options.server,
            "--headers" => &mut options.headers,
            "--declared" => &mut options.declared,
            _ => return Err(argument),
        };
        *value = arguments.next();
    }
    Ok(options)
}

/// Runs one group of settings after the other; those of a group, which differ in the client alone,
/// run side by side, each with a server of its own.
fn measure(options: &Options) -> std::io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    println!("{}", Row::HEADING);
    for kind in Kind::ALL {
        for headers in [true, false] {
            let manner = Manner {
                kind,
                headers,
                counts_refused: options.counting,
            };
            let rows = runtime.block_on(run::side_by_side(settings(manner, options)))?;
            for row in rows {
                println!("{row}");
                if options.trace {
                    row.trace();
                }
            }
        }
    }
    Ok(())
}

fn settings(manner: Manner, options: &Options) -> Vec<Setting> {
    let right = right(manner.kind);
    let wrong = Declared {
        calls: TOO_HIGH * RATE,
        period: Duration::from_secs(1),
        burst: TOO_HIGH * RATE,
        strict: false,
    };
    let strict = strict(manner.kind).map(|declared| Setting {
        contender: Contender::Paced,
        declared,
        manner,
    });
    let contenders = Contender::ALL.into_iter().flat_map(|contender| {
        [right, wrong].map(|declared| Setting {
            contender,
            declared,
            manner,
        })
    });
    let settings = contenders.chain(strict);
    settings.filter(|setting| options.want(setting)).collect()
}

impl Options {
    fn want(&self, setting: &Setting) -> bool {
        let headers = if setting.manner.headers {
            "with"
        } else {
            "without"
        };
        let wanted = |option: &Option<String>, value: &str| {
            option.as_ref().is_none_or(|wanted| wanted == value)
        };
        wanted(&self.only, setting.contender.name())
            && wanted(&self.server, setting.manner.kind.name())
            && wanted(&self.headers, headers)
            && wanted(
                &self.declared,
                if setting.declared.strict {
                    "strict"
                } else if setting.declared.burst > RATE {
                    "wrong"
                } else {
                    "right"
                },
            )
    }
}
