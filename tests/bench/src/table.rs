//! Tables in Markdown.

use core::fmt;

/// A table with a heading, and sentences that say how to read it.
#[derive(Clone, Debug, Default)]
pub struct Table {
    heading: String,
    explanation: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new<S: Into<String>>(
        heading: impl Into<String>,
        explanation: impl Into<String>,
        head: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            heading: heading.into(),
            explanation: explanation.into(),
            head: head.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Returns the heading.
    pub fn heading(&self) -> &str {
        &self.heading
    }

    /// Adds a row.
    pub fn push<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n", self.heading)?;
        if !self.explanation.is_empty() {
            writeln!(f, "{}\n", self.explanation)?;
        }
        line(f, &self.head)?;
        line(f, &vec![String::from("---"); self.head.len()])?;
        self.rows.iter().try_for_each(|row| line(f, row))?;
        writeln!(f)
    }
}

fn line(f: &mut fmt::Formatter<'_>, cells: &[String]) -> fmt::Result {
    writeln!(f, "| {} |", cells.join(" | "))
}
