//! Limits of a limiter as they are declared. Each is a *row*: a unit, and a quota. A limiter has one or several of them.

use core::fmt;
use core::num::NonZeroU32;

use crate::quota::Quota;

/// Unit of a limit that counts requests.
pub(crate) const REQUESTS: &str = "requests";

/// Declaration of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Unit that the limit counts. Empty: requests, in a limit without a name.
    pub(crate) unit: &'static str,
    pub(crate) quota: Quota,
    pub(crate) key: RowKey,
}

/// Key of a limit: which of the buckets it is that a call takes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RowKey {
    /// Bucket of the call's first key, or the only one.
    #[default]
    First,
    /// Bucket of the call's further key at this place.
    Further(u8),
    /// Bucket that all keys share.
    All,
}

impl RowKey {
    /// Returns whether two are the same.
    pub(crate) const fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::First, Self::First) | (Self::All, Self::All) => true,
            (Self::Further(one), Self::Further(other)) => one == other,
            _ => false,
        }
    }
}

impl Row {
    /// Returns the declaration of a limit.
    pub(crate) const fn new(unit: &'static str, quota: Quota) -> Self {
        Self {
            unit,
            quota,
            key: RowKey::First,
        }
    }

    /// Returns the declaration of the only limit of a limiter.
    pub(crate) const fn only(quota: Quota) -> Self {
        Self::new("", quota)
    }

    /// Returns whether each call costs 1 unless it says otherwise.
    pub(crate) fn counts_requests(&self) -> bool {
        self.unit.is_empty() || self.unit == REQUESTS
    }

    /// Returns the unit, also of a limit without a name.
    pub(crate) const fn unit(&self) -> &'static str {
        if self.unit.is_empty() {
            REQUESTS
        } else {
            self.unit
        }
    }
}

/// Limits of a limiter, as they are declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    /// The limit that is the bucket of the limiter itself. It is empty after a pause.
    pub(crate) first: Row,
    pub(crate) others: Vec<Row>,
    /// Bound of calls in flight.
    pub(crate) concurrency: Option<MaxConcurrency>,
    /// Limits of other limiters from which the same calls take. Hints about them are not about these.
    pub(crate) elsewhere: Vec<Row>,
    /// The calls report to another limiter. Hints that name no limit are about that one.
    pub(crate) is_inner: bool,
}

/// Bound of calls in flight, as it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaxConcurrency {
    /// At most so many.
    Fixed(NonZeroU32),
    /// As many as the server turns out to allow.
    Auto {
        /// Bound before the first refusal. `None`: there is none.
        start: Option<NonZeroU32>,
        /// Highest bound.
        max: Option<NonZeroU32>,
    },
}

impl Rows {
    /// Returns the only limit of a limiter.
    pub(crate) const fn one(quota: Quota) -> Self {
        Self {
            first: Row::only(quota),
            others: Vec::new(),
            concurrency: None,
            elsewhere: Vec::new(),
            is_inner: false,
        }
    }

    /// Returns these limits. The first of them is the fastest one of requests, or else the first of all. `None`: there is none.
    pub(crate) fn of(rows: impl IntoIterator<Item = Row>) -> Option<Self> {
        let mut others: Vec<_> = rows.into_iter().collect();
        let of_requests = others
            .iter()
            .enumerate()
            .filter(|(_, row)| row.counts_requests());
        let fastest = of_requests.min_by_key(|(_, row)| row.quota.rate().span());
        let paces = fastest.map_or(0, |(at, _)| at);
        (!others.is_empty()).then(|| Self {
            first: others.remove(paces),
            others,
            concurrency: None,
            elsewhere: Vec::new(),
            is_inner: false,
        })
    }

    /// Sets the limits of other limiters from which the same calls take. `is_inner`: the calls report to one of those.
    pub(crate) fn with_elsewhere(self, elsewhere: Vec<Row>, is_inner: bool) -> Self {
        Self {
            elsewhere,
            is_inner,
            ..self
        }
    }

    /// Returns these limits with full buckets.
    pub(crate) fn starting_full(&self) -> Self {
        let filled = |row: &Row| Row {
            quota: row.quota.starting_full(),
            ..*row
        };
        Self {
            first: filled(&self.first),
            others: self.others.iter().map(filled).collect(),
            ..self.clone()
        }
    }

    /// Sets the bound of calls in flight.
    pub(crate) fn with_concurrency(self, concurrency: Option<MaxConcurrency>) -> Self {
        Self {
            concurrency,
            ..self
        }
    }

    /// Returns whether it is one limit of requests, and calls take from no other limiter.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_one() && self.elsewhere.is_empty()
    }

    fn is_one(&self) -> bool {
        self.others.is_empty() && self.first.counts_requests()
    }

    /// Returns whether a limiter of these limits is nothing but one bucket of requests.
    pub(crate) fn is_bucket(&self) -> bool {
        self.is_one() && self.first.quota.window().is_none() && self.concurrency.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Row> {
        core::iter::once(&self.first).chain(&self.others)
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_one() {
            self.first.quota.fmt(f)?;
        } else {
            for (at, row) in self.iter().enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                write!(f, "{comma}{} {}", row.unit(), row.quota)?;
            }
        }
        match self.concurrency {
            None => Ok(()),
            Some(MaxConcurrency::Fixed(max)) => write!(f, ", {max} at once"),
            Some(MaxConcurrency::Auto { .. }) => {
                f.write_str(", as many at once as the server allows")
            }
        }
    }
}
