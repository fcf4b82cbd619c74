//! Changes to the limits of a limiter that was declared, as a configuration asks for them.

use core::num::NonZeroU32;

use crate::error::Error;
use crate::grammar;
use crate::nearest;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::row::MaxConcurrency;
use crate::row::Row;
use crate::row::Rows;

use crate::mode::Mode;

/// Nanoseconds in 36 years: a bucket that takes longer to fill is a mistake.
const LONGEST_FILLING: u128 = 1 << 60;

const NEVER_FULL: &str =
    "the bucket would take more than 36 years to fill: check the burst and the unit of the rate";
const INHERITED_BURST: &str = "the declared burst does not fit into a strict window of this count: give `burst`, \
     less than the count";
const UNBOUNDED: &str = "limits of a further key and those that all keys share have no bound of calls in flight: give \
     `max_concurrency` to the limiter of the first key, whose name is this one without its last part";

/// Changes to one limiter. What is `None` stays as it was declared.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LimiterChanges {
    /// Changes to its only limit, or to the first one of requests.
    pub(crate) first: LimitChange,
    /// Changes to the limits of a unit, in the order of their declaration.
    pub(crate) limits: Vec<(String, Vec<LimitChange>)>,
    pub(crate) max_concurrency: Option<NonZeroU32>,
    pub(crate) mode: Option<Mode>,
}

/// Changes to one limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct LimitChange {
    pub(crate) rate: Option<Rate>,
    pub(crate) burst: Option<NonZeroU32>,
}

/// A change that does not fit the limiter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Keys from the limiter to the wrong value.
    pub(crate) keys: Vec<String>,
    pub(crate) sentence: String,
}

impl LimiterChanges {
    /// Adds a change to a limit of this unit, to the next one where there are several.
    pub(crate) fn add_limit(&mut self, unit: &str, change: LimitChange) {
        let of_unit = self.limits.iter_mut().find(|(known, _)| known == unit);
        match of_unit {
            Some((_, changes)) => changes.push(change),
            None => self.limits.push((unit.to_owned(), vec![change])),
        }
    }

    /// Returns the limits with these changes.
    pub(crate) fn applied_to(&self, declared: &Rows) -> Result<Rows, Misfit> {
        let mut rows = declared.clone();
        for (unit, changes) in &self.limits {
            let keys = || vec!["limits".to_owned(), unit.clone()];
            let misfit = |sentence| {
                Err(Misfit {
                    keys: keys(),
                    sentence,
                })
            };
            let of_unit = rows_mut(&mut rows).filter(|row| row.unit() == unit);
            let of_unit: Vec<_> = of_unit.collect();
            if of_unit.is_empty() {
                return misfit(unknown_unit(unit, declared));
            }
            if of_unit.len() != changes.len() {
                return misfit(wrong_number(unit, of_unit.len(), changes.len()));
            }
            for (row, change) in of_unit.into_iter().zip(changes) {
                row.quota = change.applied_to(row.quota).map_err(|(key, sentence)| {
                    let mut keys = keys();
                    keys.extend(key.map(str::to_owned));
                    Misfit {
                        keys,
                        sentence: sentence.to_owned(),
                    }
                })?;
            }
        }
        self.change_first(&mut rows)?;
        if self.max_concurrency.is_some() && rows.is_inner {
            return Err(Misfit {
                keys: vec!["max_concurrency".to_owned()],
                sentence: UNBOUNDED.to_owned(),
            });
        }
        let max = self.max_concurrency.map(MaxConcurrency::Fixed);
        rows.concurrency = max.or(rows.concurrency);
        Ok(rows)
    }

    fn change_first(&self, rows: &mut Rows) -> Result<(), Misfit> {
        let Some(key) = self.first.key() else {
            return Ok(());
        };
        let unit = rows.first.unit();
        let misfit = |key: &str, sentence| Misfit {
            keys: vec![key.to_owned()],
            sentence,
        };
        if self.limits.iter().any(|(other, _)| other == unit) {
            return Err(misfit(
                key,
                format!("`{key}` and `limits.{unit}` are of the same limit: give one of them"),
            ));
        }
        let changed = self.first.applied_to(rows.first.quota);
        rows.first.quota = changed
            .map_err(|(wrong, sentence)| misfit(wrong.unwrap_or(key), sentence.to_owned()))?;
        Ok(())
    }
}

impl LimitChange {
    /// Returns the key of one of the changes. `None`: there is none.
    fn key(self) -> Option<&'static str> {
        match self {
            Self { rate: Some(_), .. } => Some("rate"),
            Self { burst: Some(_), .. } => Some("burst"),
            _ => None,
        }
    }

    /// Returns the quota with these changes. `Err`: the key of the mistake, and a sentence about it.
    ///
    /// A burst that was not given follows the rate, as it does in a declaration. A strict window stays one.
    fn applied_to(self, declared: Quota) -> Result<Quota, (Option<&'static str>, &'static str)> {
        if self.key().is_none() {
            return Ok(declared);
        }
        let rate = self.rate.unwrap_or(declared.rate());
        let quota = if let Some(window) = declared.window() {
            let given = (declared.burst() < window.limit).then_some(declared.burst());
            let quota = Quota::in_strict_window(rate, self.burst.or(given));
            quota.map_err(|error| match (self.burst, error.sentence()) {
                (None, grammar::STRICT_BURST) => (Some("rate"), INHERITED_BURST),
                (None, sentence) => (Some("rate"), sentence),
                (Some(_), sentence) => (Some("burst"), sentence),
            })?
        } else {
            let usual = Quota::new(rate);
            usual.with_burst(self.burst.unwrap_or_else(|| burst_at(rate, declared)))
        };
        let filling = quota.rate().interval().as_nanos() * u128::from(quota.burst().get());
        if filling > LONGEST_FILLING {
            return Err((self.burst.map(|_| "burst"), NEVER_FULL));
        }
        Ok(if declared.starts_empty() {
            quota.starting_empty()
        } else {
            quota
        })
    }
}

/// Returns the burst of a limit whose rate changes: one that follows from the rate follows from the new one.
fn burst_at(rate: Rate, declared: Quota) -> NonZeroU32 {
    match declared.burst() {
        burst if burst == Quota::new(declared.rate()).burst() => Quota::new(rate).burst(),
        burst if burst == declared.rate().count() => rate.count(),
        burst => burst,
    }
}

fn rows_mut(rows: &mut Rows) -> impl Iterator<Item = &mut Row> {
    core::iter::once(&mut rows.first).chain(&mut rows.others)
}

/// Returns the sentence about a unit that has another number of limits than were given.
fn wrong_number(unit: &str, declared: usize, given: usize) -> String {
    let limits = if declared == 1 { "limit" } else { "limits" };
    let given = match given {
        1 => "one is".to_owned(),
        _ => format!("{given} are"),
    };
    format!(
        "the limiter has {declared} {limits} of `{unit}`, and {given} given: write all of them, in the order of their declaration"
    )
}

fn unknown_unit(unit: &str, declared: &Rows) -> String {
    let mut known: Vec<_> = declared.iter().map(Row::unit).collect();
    known.dedup();
    let advice = nearest::advice(unit, known.iter().copied());
    let advice = if advice.is_empty() {
        format!("; its limits: {}", known.join(", "))
    } else {
        advice
    };
    format!(
        "the limiter has no limit of `{}`{advice}",
        nearest::short(unit)
    )
}

impl From<Error> for Misfit {
    fn from(error: Error) -> Self {
        Self {
            keys: Vec::new(),
            sentence: error.to_string(),
        }
    }
}
