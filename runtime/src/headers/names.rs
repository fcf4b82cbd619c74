//! Field names: which window a field speaks of, and what it says about it.
//!
//! Most names are `<vendor>ratelimit<rest>`, where the rest is a word for what the field says,
//! before or after a label that tells several windows apart: `x-ratelimit-remaining-tokens`,
//! `anthropic-ratelimit-tokens-remaining`. Read by its parts, a name of a vendor we have never
//! heard of is understood too.

use core::time::Duration;

use super::number;
use super::vocabulary::{self, Field, GLUED, LAST_ONLY};

/// Names alike enough to be told apart from others in the same response, best source first.
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

/// The window that a field speaks of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    pub(super) family: Family,
    /// What tells it from other windows of the family. May be empty.
    pub(super) label: &'a str,
    pub(super) unit: &'static str,
    pub(super) length: Option<Duration>,
}

/// The window and the meaning of a field that speaks of one.
pub(super) fn window_field(name: &str) -> Option<(Slot<'_>, Field)> {
    // None of the odd names starts as the usual ones do.
    let usual = name.starts_with("x-ratelimit") || name.starts_with("ratelimit");
    if usual {
        regular(name)
    } else {
        odd(name).or_else(|| regular(name))
    }
}

fn odd(name: &str) -> Option<(Slot<'_>, Field)> {
    let (label, field) = vocabulary::odd(name)?;
    Some((Slot::new(Family::Vendor, label), field))
}

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
    // The vendor's name will do: `app` of `x-app-rate-limit`.
    let vendor = vendor.strip_prefix("x-").unwrap_or(vendor);
    let vendor = vendor.strip_suffix('-').unwrap_or(vendor);
    let label = if vendor.is_empty() { stem } else { vendor };
    Some((Slot { label, ..slot }, field))
}

/// The name cut round the word for the whole family.
fn stem(name: &str) -> Option<(&str, &str, &str)> {
    // The first two are the usual names, for which there is no need to search.
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

/// Label and field of `limit`, `limit-tokens`, `tokens-limit`, `userlimit` or `daily`.
fn split(rest: &str) -> Option<(&str, Field)> {
    if let Some(field) = vocabulary::field(rest) {
        return Some(("", field));
    }
    let hyphens = || rest.bytes().enumerate().filter(|(_, byte)| *byte == b'-');
    // The longest word first: `reset-after` before `reset`.
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
                .split('-')
                .find_map(vocabulary::unit)
                .unwrap_or("requests"),
            length: last.and_then(length),
        }
    }
}

/// The length of a window by the word for it: `minute`, `daily`, `1m`, `10s`, `15min`, `24hour`.
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

/// `30 seconds` or `5min`: a time with its unit in a word.
pub(super) fn long_words(text: &[u8]) -> Option<Duration> {
    let letters = text
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let begins = text.first()?.is_ascii_digit();
    (begins && letters >= 3).then(|| length(core::str::from_utf8(text).ok()?))?
}
