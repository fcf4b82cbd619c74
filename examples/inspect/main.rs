//! Shows what a store keeps of its limiters, as a table in words.
//!
//! ```text
//! cargo run -p examples --example inspect -- sqlite:quota.db
//! cargo run -p examples --example inspect -- redis://cache.internal --rate github=4900/h,100
//! ```
//!
//! It only looks: no token is taken, and a file that is missing is not created. A store keeps neither the rates of the
//! limiters nor their units, nor why one is paused. The rate of a limiter can be given, and then its free tokens are shown, and
//! so can the units of its limits; the reason of a pause is in the events of the process that was asked for it.
#![forbid(unsafe_code)]

mod table;
#[cfg(test)]
mod tests;
mod units;
mod words;

use std::error::Error;
use std::path::Path;

use clap::Parser;
use paced::store;
use paced::store::ListRequest;

use crate::table::Declared;
use crate::table::Found;
use crate::units::Units;

/// Shows what a store keeps of its limiters.
#[derive(Clone, Debug, Parser)]
pub(crate) struct Options {
    /// `sqlite:PATH` or a Redis URL, with `?namespace=NAME` for one namespace alone.
    store: String,
    /// The rate, and the burst, that a limiter is declared with: `github=4900/h,100`. Can be given several times.
    #[arg(long, value_name = "NAME=RATE[,BURST]")]
    rate: Vec<Declared>,
    /// The units of a limiter with several limits, in the order in which they are declared, but for the first one of requests,
    /// which comes first: `openai=requests,tokens`. Can be given several times.
    #[arg(long, value_name = "NAME=UNIT,UNIT")]
    units: Vec<Units>,
    /// Only limiters whose names begin with this.
    #[arg(long, default_value = "")]
    prefix: String,
    /// Stops after about so many limiters.
    #[arg(long, default_value_t = 1000)]
    most: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", inspect(&Options::parse()).await?);
    Ok(())
}

/// Returns the table of a store's limiters.
pub(crate) async fn inspect(options: &Options) -> Result<String, Box<dyn Error>> {
    let path = options.store.strip_prefix("sqlite:");
    let path = path.map(|rest| rest.split_once('?').map_or(rest, |(path, _)| path));
    if let Some(path) = path.filter(|path| !Path::new(path).exists()) {
        return Err(format!("there is no file {path}").into());
    }
    let store = store::connect(&options.store)?;
    let mut found = Found::default();
    let mut next = Some(ListRequest::new().with_prefix(&options.prefix));
    while let Some(request) = next {
        let page = store.list(&request).await?;
        found.add(page.now, page.limiters);
        next = page.next;
        if found.len() >= options.most {
            found.is_cut |= next.take().is_some();
        }
    }
    Ok(found.show(&options.rate, &options.units))
}
