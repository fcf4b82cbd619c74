//! Values that vendors made up to say several things in one field.

use core::time::Duration;
use std::borrow::Cow;

use super::names::{Family, Slot};
use super::number::{Decimal, integer};
use super::vocabulary::{Field, Odd};
use super::window::{Window, Windows};

/// More entries than any server sends.
const MAX_ENTRIES: usize = 32;

/// Reads one value. The wait is one for every request, where the value asks for that.
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

/// `100:120,20:1`: counts and the lengths of their windows in seconds, as Riot sends them; Path of
/// Exile adds how long a client is shut out (`8:10:60`). `None` if the value is not of this form.
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

/// `32/40`
pub(super) fn slash(text: &str) -> Option<(f64, f64)> {
    let (used, limit) = text.split_once('/')?;
    Some((count(used)?, count(limit)?))
}

/// `api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)`
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

/// `total=100; remaining=99; resets=41`, several of them with commas between.
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

/// `Remaining: 394 Time until reset: 3589`, as Pingdom writes it.
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

/// `Microsoft.Compute/PutVM3Min;239,Microsoft.Compute/PutVM30Min;1198`
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

/// `60:error;session:organization,120::project`: seconds, categories, and more that does not matter
/// here. No category means all of them, so that is a wait for every request.
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

fn add<'a>(windows: &mut Windows<'a>, label: Cow<'a, str>, fill: impl FnOnce(&mut Window<'a>)) {
    let mut window = Window::new(Family::Vendor, label);
    fill(&mut window);
    windows.push(window);
}

pub(super) fn count(text: &str) -> Option<f64> {
    Decimal::parse(text.trim().as_bytes())?.to_f64()
}

fn seconds(text: &str) -> Option<Duration> {
    Decimal::parse(text.trim().as_bytes())?.seconds()
}
