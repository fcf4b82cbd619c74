//! Place in the program that a call comes from: an annotated function, or a line.

use core::panic::Location;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use super::unread::Unread;

/// Place in the program that a call comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    Function(&'static Unread),
    /// A call without the attribute.
    Line(&'static Location<'static>),
}

/// File, line and column.
type Key = (&'static str, u32, u32);

/// Names of lines that an event or a report has mentioned. There is at most one entry for each call in the program's
/// source, so entries are never removed.
static LINES: Mutex<BTreeMap<Key, &'static Unread>> = Mutex::new(BTreeMap::new());

impl Origin {
    /// Returns the name for events and reports: the function's path, or the line's file and number.
    pub(crate) fn name(self) -> &'static str {
        self.unread().function()
    }

    pub(super) fn unread(self) -> &'static Unread {
        match self {
            Self::Function(unread) => unread,
            Self::Line(location) => of_line(location),
        }
    }
}

#[cold]
fn of_line(location: &'static Location<'static>) -> &'static Unread {
    let key = (location.file(), location.line(), location.column());
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.entry(key).or_insert_with(|| {
        let name = format!("{}:{}", location.file(), location.line());
        Box::leak(Box::new(Unread::of(name.leak())))
    })
}
