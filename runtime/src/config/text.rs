//! Configurations as TOML.

use core::num::NonZeroU32;
use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeInteger;
use toml::de::DeString;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::grammar;
use crate::limiter::ConfiguredLimiter;
use crate::limiter::LimitChange;
use crate::limiter::LimiterChanges;
use crate::mode::Mode;
use crate::nearest;
use crate::quota::Rate;

use super::error::ConfigError;
use super::error::TextPlace;
use super::limiter_config::NO_NAME;

const ROOT: [&str; 2] = ["limiter", "override"];
const LIMITER: [&str; 5] = ["rate", "burst", "limits", "max_concurrency", "mode"];
const LIMIT: [&str; 2] = ["rate", "burst"];
const MODES: [(&str, Mode); 3] = [
    ("enforce", Mode::Enforce),
    ("observe", Mode::Observe),
    ("off", Mode::Off),
];

/// Keys of a declaration that stay as they were declared.
const FIXED: [&str; 22] = [
    "store",
    "on_store_error",
    "unit",
    "key",
    "max_keys",
    "window",
    "start",
    "limiter",
    "cost",
    "settle",
    "max_retries",
    "max_throttles",
    "backoff",
    "deadline",
    "attempt_timeout",
    "max_wait",
    "retry_on",
    "idempotent",
    "classify",
    "throttle_below",
    "max_cooldown",
    "respect_headers",
];

const MODE_WORDS: &str = "one of `\"enforce\"`, `\"observe\"` and `\"off\"`";

type Limiters = BTreeMap<Arc<str>, Arc<ConfiguredLimiter>>;
type TomlValue<'t> = Spanned<DeValue<'t>>;
type TomlKey<'t> = Spanned<DeString<'t>>;

/// A mistake, with the keys from the root to it in reverse, and its first byte.
struct TextMistake {
    keys: Vec<String>,
    byte: usize,
    sentence: String,
}

type Parsed<T> = Result<T, TextMistake>;

/// Returns the limiters of a text, and whether they go before quotas that are set by hand.
pub(super) fn parse(text: &str) -> Result<(Limiters, bool), ConfigError> {
    let root = DeTable::parse(text).map_err(|error| {
        let place = error.span().map(|span| TextPlace::of(text, span.start));
        ConfigError::new(Vec::new(), format!("no TOML: {}", error.message())).at(place)
    })?;
    read_root(root.get_ref()).map_err(|mut mistake| {
        mistake.keys.reverse();
        let place = TextPlace::of(text, mistake.byte);
        ConfigError::new(mistake.keys, mistake.sentence).at(Some(place))
    })
}

/// Returns the place of a key, or of the last one that is there.
pub(super) fn find(text: &str, keys: &[String]) -> Option<TextPlace> {
    let root = DeTable::parse(text).ok()?;
    let (mut table, mut byte) = (root.get_ref(), None);
    for key in keys {
        let Some((key, value)) = table.get_key_value(key.as_str()) else {
            break;
        };
        byte = Some(key.span().start);
        let Some(inner) = value.get_ref().as_table() else {
            break;
        };
        table = inner;
    }
    byte.map(|byte| TextPlace::of(text, byte))
}

fn read_root(root: &DeTable<'_>) -> Parsed<(Limiters, bool)> {
    let (mut limiters, mut overriding) = (Limiters::new(), false);
    for (key, value) in root {
        match &**key.get_ref() {
            "override" => match value.get_ref() {
                DeValue::Boolean(on) => overriding = *on,
                _ => return wrong(value, "true or false").map_err(inside("override")),
            },
            "limiter" => {
                let table = table_of(value, "tables of limiters: `[limiter.name]`");
                for (name, value) in table.map_err(inside("limiter"))? {
                    let text = &**name.get_ref();
                    let changes = read_limiter(name, value).map_err(inside(text));
                    let changes = changes.map_err(inside("limiter"))?;
                    limiters.insert(text.into(), Arc::new(ConfiguredLimiter::new(changes)));
                }
            }
            _ => return Err(unknown_key(key, &ROOT)),
        }
    }
    Ok((limiters, overriding))
}

fn read_limiter(name: &TomlKey<'_>, value: &TomlValue<'_>) -> Parsed<LimiterChanges> {
    if name.get_ref().is_empty() {
        return mistake(name.span().start, NO_NAME);
    }
    let mut changes = LimiterChanges::default();
    for (key, value) in table_of(value, "a table: `[limiter.name]`")? {
        let key_text = &**key.get_ref();
        let read = match key_text {
            "rate" => rate_of(value).map(|rate| changes.first.rate = Some(rate)),
            "burst" => burst_of(value).map(|burst| changes.first.burst = Some(burst)),
            "limits" => read_limits(value).map(|limits| changes.limits = limits),
            "max_concurrency" => count_of(value, grammar::NO_SLOTS)
                .map(|calls| changes.max_concurrency = Some(calls)),
            "mode" => mode_of(value).map(|mode| changes.mode = Some(mode)),
            fixed if FIXED.contains(&fixed) => mistake(
                key.span().start,
                format!(
                    "`{fixed}` cannot be configured: it stays as the attribute or the builder declares it"
                ),
            ),
            _ => return Err(unknown_key(key, &LIMITER)),
        };
        read.map_err(inside(key_text))?;
    }
    Ok(changes)
}

fn read_limits(value: &TomlValue<'_>) -> Parsed<Vec<(String, Vec<LimitChange>)>> {
    let table = table_of(
        value,
        "a table of rates by their units: `{ tokens = \"30000/min\" }`",
    )?;
    let limits = table.iter().map(|(unit, value)| {
        let changes = match value.get_ref() {
            DeValue::Array(several) => several.iter().map(read_limit).collect(),
            _ => read_limit(value).map(|one| vec![one]),
        };
        let unit = &**unit.get_ref();
        let changes = changes.map_err(inside(unit))?;
        Ok((unit.to_owned(), changes))
    });
    limits.collect()
}

/// Reads a rate, or a table of a rate and a burst.
fn read_limit(value: &TomlValue<'_>) -> Parsed<LimitChange> {
    let DeValue::Table(table) = value.get_ref() else {
        let rate = Some(rate_of(value)?);
        return Ok(LimitChange { rate, burst: None });
    };
    let mut change = LimitChange::default();
    for (key, value) in table {
        let key_text = &**key.get_ref();
        let read = match key_text {
            "rate" => rate_of(value).map(|rate| change.rate = Some(rate)),
            "burst" => burst_of(value).map(|burst| change.burst = Some(burst)),
            _ => return Err(unknown_key(key, &LIMIT)),
        };
        read.map_err(inside(key_text))?;
    }
    Ok(change)
}

/// Reads a rate: a text, or a number of calls per second.
fn rate_of(value: &TomlValue<'_>) -> Parsed<Rate> {
    let rate = match value.get_ref() {
        DeValue::String(text) => Rate::read(text),
        DeValue::Integer(number) => Rate::from_hz(integer_of(number).map_or(f64::INFINITY, to_f64)),
        // Whatever TOML calls a float is one.
        DeValue::Float(number) => Rate::from_hz(number.as_str().parse().unwrap_or(f64::NAN)),
        _ => {
            return wrong(
                value,
                "a rate: `\"300/min\"`, or a number of calls per second",
            );
        }
    };
    rate.or_else(|error| mistake(value.span().start, error.to_string()))
}

fn burst_of(value: &TomlValue<'_>) -> Parsed<NonZeroU32> {
    count_of(value, grammar::NO_BURST)
}

/// Reads a whole number. `zero`: the sentence for one that is not above zero.
fn count_of(value: &TomlValue<'_>, zero: &str) -> Parsed<NonZeroU32> {
    let DeValue::Integer(number) = value.get_ref() else {
        return wrong(value, "a whole number");
    };
    let at = value.span().start;
    match integer_of(number) {
        Some(number) if number <= 0 => mistake(at, zero),
        number => {
            let number = number.and_then(|number| u32::try_from(number).ok());
            let number = number.and_then(NonZeroU32::new);
            number.map_or_else(|| mistake(at, "the number is at most 4294967295"), Ok)
        }
    }
}

/// Returns a number. `None`: it has too many digits.
fn integer_of(number: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate that is off by one part in 2^53 is the same"
)]
const fn to_f64(number: i128) -> f64 {
    number as f64
}

fn mode_of(value: &TomlValue<'_>) -> Parsed<Mode> {
    let DeValue::String(text) = value.get_ref() else {
        return wrong(value, MODE_WORDS);
    };
    if let Some((_, mode)) = MODES.iter().find(|(word, _)| word == text) {
        return Ok(*mode);
    }
    let advice = nearest::advice(text, MODES.map(|(word, _)| word));
    let sentence = format!("`{}` is not {MODE_WORDS}{advice}", nearest::short(text));
    mistake(value.span().start, sentence)
}

fn table_of<'v, 't>(value: &'v TomlValue<'t>, expected: &str) -> Parsed<&'v DeTable<'t>> {
    value
        .get_ref()
        .as_table()
        .map_or_else(|| wrong(value, expected), Ok)
}

/// Returns the error of a value of a wrong type.
fn wrong<T>(value: &TomlValue<'_>, expected: &str) -> Parsed<T> {
    let found = match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    mistake(
        value.span().start,
        format!("{found} stands where {expected} belongs"),
    )
}

fn unknown_key(key: &TomlKey<'_>, known: &[&str]) -> TextMistake {
    let text = &**key.get_ref();
    let advice = nearest::advice(text, known.iter().copied());
    let advice = if advice.is_empty() {
        format!("; known are {}", known.join(", "))
    } else {
        advice
    };
    TextMistake {
        keys: vec![text.to_owned()],
        byte: key.span().start,
        sentence: format!("unknown key `{}`{advice}", nearest::short(text)),
    }
}

fn mistake<T>(byte: usize, sentence: impl Into<String>) -> Parsed<T> {
    Err(TextMistake {
        keys: Vec::new(),
        byte,
        sentence: sentence.into(),
    })
}

/// Adds the key of the table that a mistake is in.
fn inside(key: &str) -> impl FnOnce(TextMistake) -> TextMistake {
    move |mut mistake| {
        mistake.keys.push(key.to_owned());
        mistake
    }
}
