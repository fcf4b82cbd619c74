//! Parsers of counts: limits, their rests, and their used parts.

use core::time::Duration;

use super::lists;
use super::names::{self, Slot};
use super::number::Decimal;
use super::structured;
use super::vocabulary::Field;
use super::window::Windows;

/// Alternative to `/`.
const PER: &[u8] = b" per ";

/// Prefix of an entry in IBM API Connect's lists.
const NAME: &[u8] = b"name=";

/// Parses `60`, `100;w=21600`, `10, 10;w=1, 50;w=60`, `600,30000`, `100:120,20:1`, `32/40`, `150/15m` or
/// `name=default,100;` into windows.
///
/// `None` if the value has none of these forms.
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
    let divided = text.contains(&b'/') || text.windows(PER.len()).any(|part| part == PER);
    if divided && !text.contains(&b';') {
        return slashes(windows, slot, field, core::str::from_utf8(text).ok()?);
    }
    if text.starts_with(NAME) {
        return by_name(windows, field, core::str::from_utf8(text).ok()?);
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

/// Parses one number. A rest of -1 means "not known" (`None`); any other negative rest means that the limit is exceeded
/// and counts as 0.
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

/// Parses `32/40`, as Shopify sends it: the rest and the limit in a field for the rest, else the used part and the
/// limit. Also parses `150/15m` and `150 per 15 minutes`, as EVE Online sends it: a limit and the length of its window.
fn slashes<'a>(windows: &mut Windows<'a>, slot: &Slot<'a>, field: Field, text: &str) -> Option<()> {
    if let Some((part, whole)) = lists::slash(text) {
        let window = windows.at(slot, 0)?;
        let part_is = if field == Field::Remaining {
            Field::Remaining
        } else {
            Field::Used
        };
        window.count(part_is, part);
        window.count(Field::Limit, whole);
        return Some(());
    }
    let rates = || {
        text.split(',').map(|entry| {
            let per = || entry.split_once(" per ");
            let (count, length) = entry.split_once('/').or_else(per)?;
            Some((lists::count(count)?, names::length(length.trim())?))
        })
    };
    let single = rates().nth(1).is_none();
    if rates().any(|rate| rate.is_none()) {
        return None;
    }
    for (value, length) in rates().flatten() {
        let index = if single { 0 } else { length.as_secs() };
        let window = windows.at(slot, index)?;
        window.count(field, value);
        window.length(length);
    }
    Some(())
}

/// Parses `name=default,100;`, once or several times.
fn by_name(windows: &mut Windows<'_>, field: Field, text: &str) -> Option<()> {
    for entry in text.split_terminator(';') {
        let (name, value) = entry.trim().strip_prefix("name=")?.rsplit_once(',')?;
        let value = lists::count(value)?;
        windows.named(name, None)?.count(field, value);
    }
    Some(())
}

/// Parses `100:120,20:1`: counts, each with the length of its window in seconds.
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

/// Parses a list: one limit followed by its policies, as in the first IETF drafts, or several windows without names,
/// which are identified by their position.
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
