//! Parser of field names: the window that a field describes, and the meaning of its value.
//!
//! Most names have the form `<vendor>ratelimit<rest>`. The rest is a word for the meaning, before or after a label that
//! distinguishes several windows: `x-ratelimit-remaining-tokens`, `anthropic-ratelimit-tokens-remaining`. Since names
//! are read by their parts, those of unknown vendors are understood too.

use core::time::Duration;

use super::number;
use super::vocabulary::{self, Field, GLUED, LAST_ONLY};

/// Group of names that describe the same windows in a response. The best source comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// `RateLimit` and `RateLimit-Policy`.
    Structured,
    /// `RateLimit-*`.
    RateLimit,
    /// A vendor's own names.
    Vendor,
    /// `X-RateLimit-*`.
    XRateLimit,
    /// `X-Rate-Limit-*`.
    XRateDashLimit,
}

/// Window that a field describes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    pub(super) family: Family,
    /// Name within the family. May be empty.
    pub(super) label: &'a str,
    /// Unit of the counts, by the label.
    pub(super) unit: &'static str,
    /// Length of the window, by the label.
    pub(super) length: Option<Duration>,
}

/// Returns the window and the meaning of a field. `None` if the field does not describe a window.
pub(super) fn window_field(name: &str) -> Option<(Slot<'_>, Field)> {
    // No irregular name begins with one of these, so the search in their table is saved.
    let usual = name.starts_with("x-ratelimit") || name.starts_with("ratelimit");
    if usual {
        regular(name)
    } else {
        odd(name).or_else(|| regular(name))
    }
}

/// Looks up an irregular name.
fn odd(name: &str) -> Option<(Slot<'_>, Field)> {
    let (label, field) = vocabulary::odd(name)?;
    Some((Slot::new(Family::Vendor, label), field))
}

/// Parses a regular name by its parts.
fn regular(name: &str) -> Option<(Slot<'_>, Field)> {
    let (vendor, stem, rest) = stem(name)?;
    let family = match (vendor, stem) {
        ("", "ratelimit") => Family::RateLimit,
        ("x-", "ratelimit") => Family::XRateLimit,
        ("" | "x-", "rate-limit") => Family::XRateDashLimit,
        _ => Family::Vendor,
    };
    let (label, field) = match rest {
        "" => ("", Field::Bare),
        _ => split(rest.strip_prefix('-')?)?,
    };
    let slot = Slot::new(family, label);
    if !label.is_empty() || family != Family::Vendor {
        return Some((slot, field));
    }
    // The vendor's name is the label: `app` of `x-app-rate-limit`.
    let vendor = vendor.strip_prefix("x-").unwrap_or(vendor);
    let vendor = vendor.strip_suffix('-').unwrap_or(vendor);
    let label = if vendor.is_empty() { stem } else { vendor };
    Some((Slot { label, ..slot }, field))
}

/// Splits a name at the word of its family: vendor, word, rest.
fn stem(name: &str) -> Option<(&str, &str, &str)> {
    // The most frequent names first, without a search.
    for (vendor, stem) in [("x-", "ratelimit"), ("", "ratelimit")] {
        if let Some(rest) = name
            .strip_prefix(vendor)
            .and_then(|name| name.strip_prefix(stem))
        {
            return Some((vendor, stem, rest));
        }
    }
    let words = ["ratelimit", "rate-limit", "quota"];
    let word = words.into_iter().find_map(|stem| {
        let (vendor, rest) = name.split_once(stem)?;
        Some((vendor, stem, rest))
    });
    let beginning = || {
        let (stem, _) = vocabulary::STEMS
            .into_iter()
            .find(|(stem, next)| name.starts_with(stem) && name[stem.len()..].starts_with(next))?;
        Some(("", stem, &name[stem.len()..]))
    };
    word.or_else(beginning)
}

/// Returns the label and the meaning of `limit`, `limit-tokens`, `tokens-limit`, `userlimit` or `daily`.
fn split(rest: &str) -> Option<(&str, Field)> {
    if let Some(field) = vocabulary::field(rest) {
        return Some(("", field));
    }
    let hyphens = || rest.bytes().enumerate().filter(|(_, byte)| *byte == b'-');
    // The longest word counts: `reset-after` before `reset`.
    let last = hyphens()
        .find_map(|(hyphen, _)| Some((&rest[..hyphen], vocabulary::field(&rest[hyphen + 1..])?)));
    let first = || {
        let mut hyphens = hyphens().rev();
        hyphens.find_map(|(hyphen, _)| {
            let field = vocabulary::field(&rest[..hyphen]);
            let field = field.filter(|_| !LAST_ONLY.contains(&&rest[..hyphen]))?;
            Some((&rest[hyphen + 1..], field))
        })
    };
    let glued = || {
        GLUED
            .into_iter()
            .find_map(|(word, field)| Some((rest.strip_suffix(word)?, field)))
    };
    let period = || length(rest).is_some().then_some((rest, Field::Limit));
    last.or_else(first).or_else(glued).or_else(period)
}

impl<'a> Slot<'a> {
    /// Returns the window with this label, from which its unit and its length follow.
    pub(super) fn new(family: Family, label: &'a str) -> Self {
        if label.is_empty() {
            return Self {
                family,
                label,
                unit: "requests",
                length: None,
            };
        }
        let last = label.rsplit('-').next();
        Self {
            family,
            label,
            unit: label
                .split(['-', '_'])
                .find_map(vocabulary::unit)
                .unwrap_or("requests"),
            length: last.and_then(length),
        }
    }
}

/// Returns the length of a window by its word: `minute`, `daily`, `1m`, `10s`, `15min`, `24hour`.
pub(super) fn length(word: &str) -> Option<Duration> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = word.split_at(digits);
    let rest = rest.trim_start();
    if digits.is_empty() {
        return vocabulary::seconds(rest).map(Duration::from_secs);
    }
    let length = match vocabulary::seconds(rest) {
        Some(unit) => Duration::from_secs(number::integer(digits.as_bytes())?.checked_mul(unit)?),
        None => number::go_duration(word.as_bytes())?,
    };
    (!length.is_zero()).then_some(length)
}

/// Parses `30 seconds` or `5min`: a time whose unit is a word of at least three letters.
pub(super) fn long_words(text: &[u8]) -> Option<Duration> {
    let letters = text
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let begins = text.first()?.is_ascii_digit();
    (begins && letters >= 3).then(|| length(core::str::from_utf8(text).ok()?))?
}
