//! Parsers of vendors' own formats that put several values into one field.

use core::time::Duration;
use std::borrow::Cow;

use super::names::{Family, Slot};
use super::number::{Decimal, integer};
use super::vocabulary::{Field, Odd};
use super::window::{WindowParser, Windows};

/// Maximum number of entries that are read, more than any known server sends.
const MAX_ENTRIES: usize = 32;

/// Parses one value into windows. Returns the wait for all requests, if the value has one.
pub(super) fn read<'a>(
    odd: Odd,
    slot: &Slot<'a>,
    text: &'a str,
    windows: &mut Windows<'a>,
) -> Option<Duration> {
    match odd {
        Odd::Slash => {
            let (used, limit) = slash(text)?;
            add(windows, slot.label.into(), |window| {
                window.count(Field::Used, used);
                window.count(Field::Limit, limit);
            });
        }
        Odd::NamedSlashes => named_slashes(text, windows),
        Odd::Pairs => groups(slot.label, text, windows),
        Odd::NamedCounts => named_counts(text, windows),
        Odd::Categories => return categories(text, windows),
        Odd::Prose => prose(slot.label, text, windows),
        Odd::Rate => {
            let rate = count(text)?;
            add(windows, slot.label.into(), |window| {
                window.count(Field::Limit, rate);
                window.length(Duration::from_secs(1));
                window.aside();
            });
        }
    }
    None
}

/// Parses `100:120,20:1`, as Riot sends it: counts, each with the length of its window in seconds. Path of Exile adds
/// the length of the penalty (`8:10:60`), which is ignored. `None` if the value has another form.
pub(super) fn counts_by_seconds(text: &str) -> Option<impl Iterator<Item = (f64, u64)>> {
    let pair = |entry: &str| {
        let (number, rest) = entry.split_once(':')?;
        let (seconds, penalty) = rest.split_once(':').unwrap_or((rest, "0"));
        count(penalty)?;
        Some((count(number)?, integer(seconds.trim().as_bytes())?))
    };
    let entries = move || text.split(',').take(MAX_ENTRIES).map(pair);
    entries()
        .all(|pair| pair.is_some())
        .then(|| entries().flatten())
}

/// Parses `32/40`.
pub(super) fn slash(text: &str) -> Option<(f64, f64)> {
    let (used, limit) = text.split_once('/')?;
    Some((count(used)?, count(limit)?))
}

/// Parses `api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)`, as Salesforce sends it.
fn named_slashes<'a>(text: &'a str, windows: &mut Windows<'a>) {
    for entry in text.split(';').take(MAX_ENTRIES) {
        let Some((name, value)) = entry.split_once('=') else {
            continue;
        };
        let value = value.split_once('(').map_or(value, |(value, _)| value);
        if let Some((used, limit)) = slash(value) {
            add(windows, name.trim().into(), |window| {
                window.count(Field::Used, used);
                window.count(Field::Limit, limit);
            });
        }
    }
}

/// Parses `total=100; remaining=99; resets=41`, or several of these with commas in between.
fn groups<'a>(label: &'a str, text: &'a str, windows: &mut Windows<'a>) {
    for group in text.split(',').take(MAX_ENTRIES) {
        let pairs = || {
            group
                .split(';')
                .take(MAX_ENTRIES)
                .filter_map(|pair| pair.trim().split_once('='))
        };
        let value = |names: [&str; 3]| {
            let (_, value) = pairs().find(|(key, _)| names.contains(key))?;
            count(value)
        };
        let bucket = pairs()
            .find(|(key, _)| *key == "b")
            .map_or(label, |(_, name)| name);
        let reset = pairs().find(|(key, _)| ["t", "reset", "resets"].contains(key));
        add(windows, bucket.into(), |window| {
            if let Some(limit) = value(["q", "limit", "total"]) {
                window.count(Field::Limit, limit);
            }
            if let Some(remaining) = value(["r", "remaining", "left"]) {
                window.count(Field::Remaining, remaining);
            }
            if let Some(wait) = reset.and_then(|(_, value)| seconds(value)) {
                window.reset(1, wait);
            }
        });
    }
}

/// Parses `Remaining: 394 Time until reset: 3589`, as Pingdom sends it.
fn prose<'a>(label: &'a str, text: &'a str, windows: &mut Windows<'a>) {
    let behind = |words| text.split_once(words)?.1.split_ascii_whitespace().next();
    add(windows, label.into(), |window| {
        if let Some(remaining) = behind("Remaining:").and_then(count) {
            window.count(Field::Remaining, remaining);
        }
        if let Some(wait) = behind("Time until reset:").and_then(seconds) {
            window.reset(1, wait);
        }
    });
}

/// Parses `Microsoft.Compute/PutVM3Min;239,Microsoft.Compute/PutVM30Min;1198`, as Azure Resource Manager sends it.
fn named_counts<'a>(text: &'a str, windows: &mut Windows<'a>) {
    for entry in text.split(',').take(MAX_ENTRIES) {
        let Some((name, value)) = entry.split_once(';') else {
            continue;
        };
        if let Some(remaining) = count(value) {
            add(windows, name.trim().into(), |window| {
                window.count(Field::Remaining, remaining);
            });
        }
    }
}

/// Parses `60:error;session:organization,120::project`, as Sentry sends it: seconds, categories, and fields that are
/// ignored. Returns the longest wait without a category, which applies to all requests.
fn categories<'a>(text: &'a str, windows: &mut Windows<'a>) -> Option<Duration> {
    let mut everything = None;
    for entry in text.split(',').take(MAX_ENTRIES) {
        let mut parts = entry.trim().split(':');
        let Some(wait) = parts.next().and_then(seconds) else {
            continue;
        };
        let Some(names) = parts.next().filter(|names| !names.is_empty()) else {
            everything = everything.max(Some(wait));
            continue;
        };
        for name in names.split(';').take(MAX_ENTRIES) {
            add(windows, name.into(), |window| {
                window.unit("category".into());
                window.count(Field::Remaining, 0.0);
                window.reset(1, wait);
                window.aside();
            });
        }
    }
    everything
}

/// Adds a window with this label.
fn add<'a>(
    windows: &mut Windows<'a>,
    label: Cow<'a, str>,
    fill: impl FnOnce(&mut WindowParser<'a>),
) {
    let mut window = WindowParser::new(Family::Vendor, label);
    fill(&mut window);
    windows.push(window);
}

pub(super) fn count(text: &str) -> Option<f64> {
    Decimal::parse(text.trim().as_bytes())?.to_f64()
}

fn seconds(text: &str) -> Option<Duration> {
    Decimal::parse(text.trim().as_bytes())?.seconds()
}
