//! Limits as rows: permits, calls and waits over several limits at once, beside their peers.
//!
//! ```text
//! cargo run --release -p bench --bin rows
//! ```

mod calls;
mod crowd;
mod llm;

use std::collections::BTreeMap;
use std::io;

use crate::cases::Case;
use crate::nanoseconds;
use crate::table::Table;

/// All figures about rows.
#[derive(Debug)]
pub struct Rows {
    nanos: BTreeMap<&'static str, f64>,
    crowds: Vec<crowd::Figures>,
    llm: Vec<llm::Figures>,
}

/// Cases that are measured in nanoseconds.
pub const CASES: &[Case] = &calls::CASES;

impl Rows {
    /// Measures everything, in four minutes. `note` hears of each part that begins.
    ///
    /// # Errors
    ///
    /// When a server cannot be started.
    pub fn measure(mut note: impl FnMut(&str)) -> io::Result<Self> {
        note("permits and calls over several rows");
        let nanos = nanoseconds::best_of(&calls::CASES);
        let crowds = crowd::run(&mut note);
        Ok(Self {
            nanos,
            crowds,
            llm: llm::run(note)?,
        })
    }

    /// Returns the figures as tables.
    pub fn tables(&self) -> Vec<Table> {
        vec![
            calls::table(&self.nanos),
            crowd::table(&self.crowds),
            llm::table(&self.llm),
        ]
    }
}
