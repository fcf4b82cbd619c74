//! Parser of `RateLimit` and `RateLimit-Policy`, in the forms of all IETF drafts.

use super::counts;
use super::names::{Family, Slot};
use super::number::{self, Decimal};
use super::structured::{self, Item};
use super::vocabulary::Field;
use super::window::Windows;

/// Parses `"burst";q=100;w=60, "daily";q=1000;w=86400`, or `10;w=1, 50;w=60` of drafts 04 to 06.
pub(super) fn policies<'a>(windows: &mut Windows<'a>, slot: &Slot<'a>, text: &[u8]) {
    for item in structured::list(text) {
        policy(windows, slot.family, item);
    }
}

/// Parses the field `RateLimit` itself: `"default";r=50;t=30` since draft 08, `limit=10, remaining=1, reset=7` of draft
/// 07, or a vendor's plain `700`, `100:120,20:1` or `32/40`.
pub(super) fn bare<'a>(windows: &mut Windows<'a>, slot: &Slot<'a>, text: &[u8]) {
    let end = text
        .iter()
        .position(|byte| matches!(byte, b',' | b':' | b'/'));
    if Decimal::parse(&text[..end.unwrap_or(text.len())]).is_some() {
        counts::read(windows, slot, Field::Limit, text);
        return;
    }
    let items = structured::list(text);
    if items.is_empty() {
        for item in structured::dictionary(text) {
            member(windows, &item);
        }
    }
    for item in items {
        status(windows, item);
    }
}

/// Adds an item of `RateLimit-Policy`. `None` if it is malformed.
fn policy(windows: &mut Windows<'_>, family: Family, mut item: Item) -> Option<()> {
    let name = item.name.take();
    let number = item.number.filter(|number| *number >= 0.0);
    let parameters = item.parameters().ok()?;
    let Some(name) = name else {
        windows.quota(family, number?, parameters.window);
        return Some(());
    };
    let quota = parameters.quota?;
    let window = windows.named(&name, parameters.partition.as_deref())?;
    window.count(Field::Limit, quota);
    if let Some(length) = parameters.window {
        window.length(length);
    }
    if let Some(unit) = parameters.unit {
        window.unit(unit.into());
    }
    if let Some(key) = parameters.partition {
        window.partition(key);
    }
    Some(())
}

/// Adds an item of `RateLimit` since draft 08. `None` if it is malformed.
fn status(windows: &mut Windows<'_>, mut item: Item) -> Option<()> {
    let name = item.name.take()?;
    let parameters = item.parameters().ok()?;
    if parameters.remaining.is_none() && parameters.reset.is_none() {
        return None;
    }
    let window = windows.named(&name, parameters.partition.as_deref())?;
    if let Some(remaining) = parameters.remaining {
        window.count(Field::Remaining, remaining);
    }
    if let Some(wait) = parameters.reset {
        window.reset(1, wait);
    }
    if let Some(key) = parameters.partition {
        window.partition(key);
    }
    Some(())
}

/// Adds a member of `RateLimit` of draft 07. `None` if it is malformed.
fn member(windows: &mut Windows<'_>, item: &Item) -> Option<()> {
    let slot = Slot::new(Family::Structured, "");
    let number = item
        .number
        .filter(|number| *number >= 0.0 && number.fract() == 0.0)?;
    match item.name.as_deref()? {
        "limit" => windows.at(&slot, 0)?.count(Field::Limit, number),
        "remaining" => windows.at(&slot, 0)?.count(Field::Remaining, number),
        "reset" => windows.at(&slot, 0)?.reset(1, number::seconds(number)?),
        _ => return None,
    }
    Some(())
}
