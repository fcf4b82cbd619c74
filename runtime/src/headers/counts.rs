//! Counts: limits, what is left of them, and what has been used.

use core::time::Duration;

use super::lists;
use super::names::Slot;
use super::number::Decimal;
use super::structured;
use super::vocabulary::Field;
use super::window::Windows;

/// Reads `60`, `100;w=21600`, `10, 10;w=1, 50;w=60`, `600,30000` or `100:120,20:1`.
///
/// `None` where nothing comes of it.
pub(super) fn read<'a>(
    windows: &mut Windows<'a>,
    slot: &Slot<'a>,
    field: Field,
    text: &[u8],
) -> Option<()> {
    if let Some(value) = count(field, text) {
        windows.at(slot, 0)?.count(field, value);
        return Some(());
    }
    if text.contains(&b':') {
        return by_seconds(windows, slot, field, core::str::from_utf8(text).ok()?);
    }
    let is_list = text.iter().any(|byte| matches!(byte, b',' | b';'));
    if is_list {
        list(windows, slot, field, text)
    } else {
        None
    }
}

/// One number. -1 says that the server does not know; any other negative number of things left
/// says that more were taken than there were.
fn count(field: Field, text: &[u8]) -> Option<f64> {
    match text.strip_prefix(b"-") {
        None => Decimal::parse(text)?.to_f64(),
        Some(digits) if field == Field::Remaining => {
            let unknown = Decimal::parse(digits)?.is_one();
            (!unknown).then_some(0.0)
        }
        Some(_) => None,
    }
}

fn by_seconds<'a>(
    windows: &mut Windows<'a>,
    slot: &Slot<'a>,
    field: Field,
    text: &str,
) -> Option<()> {
    for (value, seconds) in lists::counts_by_seconds(text)? {
        let window = windows.at(slot, seconds)?;
        window.count(field, value);
        window.length(Duration::from_secs(seconds));
    }
    Some(())
}

/// A list is one limit with its policies behind it, as in the first drafts, or several windows
/// without names, told apart by their order.
fn list<'a>(windows: &mut Windows<'a>, slot: &Slot<'a>, field: Field, text: &[u8]) -> Option<()> {
    let mut values = Vec::new();
    for item in structured::list(text) {
        let value = item.number.filter(|number| *number >= 0.0)?;
        values.push((value, item.parameters().ok()?.window));
    }
    if values.len() > 1 && values.iter().all(|(_, length)| length.is_none()) {
        for (index, (value, _)) in (1..).zip(values) {
            windows.at(slot, index)?.count_in_order(field, value);
        }
        return Some(());
    }
    let (first, length) = *values.first()?;
    let window = windows.at(slot, 0)?;
    window.count(field, first);
    if values.len() == 1 {
        window.length(length?);
    } else if field == Field::Limit {
        for (limit, length) in values {
            windows.quota(slot.family, limit, length);
        }
    }
    Some(())
}
