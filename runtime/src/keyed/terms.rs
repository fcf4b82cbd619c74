//! Terms of all keys, until a change of the quota, of the mode or of the bound of calls in flight.

use std::sync::Arc;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::clock;
use crate::limiter::KeyTerms;
use crate::limiter::PlaceOfKeys;
use crate::limiter::Shared;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::row::Rows;
use crate::time::Instant;

use super::declaration::Declaration;
use super::digest::KeyDigest;

/// Terms of all keys. Each change makes new ones.
#[derive(Debug)]
pub(super) struct CommonTerms {
    /// Limits of a key that comes before [`unknown`](Self::unknown).
    rows: Rows,
    /// Limits of keys that come later: their buckets begin full.
    pub(super) later: Rows,
    mode: Mode,
    /// Costs are corrected later.
    settles: bool,
    /// Shape of the bucket of the first limit.
    pub(super) shape: Shape,
    /// A bucket is enough for a key while no caller waits.
    pub(super) is_compact: bool,
    /// Instant at which the bucket of an unknown key is full.
    pub(super) unknown: Instant,
    /// Limiter of no key. It stands for a key of which nothing is known, in snapshots, and in calls once all keys are closed.
    pub(super) template: Arc<Shared>,
    pub(super) is_closed: bool,
    label: &'static str,
}

impl CommonTerms {
    /// Returns the terms of a declaration.
    pub(super) fn new(declaration: &Declaration) -> Self {
        let empty = declaration.rows.iter();
        let empty = empty.filter(|row| row.quota.starts_empty());
        let longest = empty.map(|row| Shape::of(row.quota).capacity).max();
        let unknown = longest.map_or(Instant::EPOCH, |longest| clock::now().after(longest));
        let rows = declaration.rows.clone();
        Self::of(
            declaration,
            (rows, declaration.settles),
            declaration.mode,
            unknown,
        )
    }

    /// Returns these terms with other limits and another mode. `settles`: costs are corrected later.
    pub(super) fn changed(
        &self,
        declaration: &Declaration,
        (rows, settles): (Rows, bool),
        mode: Mode,
        now: Instant,
    ) -> Self {
        let mut unknown = Bucket::new(self.unknown, self.shape);
        if self.unknown > now {
            unknown.reshape(Shape::of(rows.first.quota), now);
        }
        Self::of(declaration, (rows, settles), mode, unknown.tat)
    }

    /// Returns these terms, closed.
    pub(super) fn closed(&self, declaration: &Declaration) -> Self {
        let closed = Self::of(
            declaration,
            (self.rows.clone(), self.settles),
            self.mode,
            self.unknown,
        );
        closed.template.shut_key();
        Self {
            is_compact: false,
            is_closed: true,
            ..closed
        }
    }

    fn of(
        declaration: &Declaration,
        (rows, settles): (Rows, bool),
        mode: Mode,
        unknown: Instant,
    ) -> Self {
        let later = rows.starting_full();
        Self {
            shape: Shape::of(rows.first.quota),
            is_compact: rows.is_bucket()
                && mode == Mode::Enforce
                && !settles
                && declaration.place.is_none(),
            settles,
            unknown,
            template: Shared::of_key(&later, Instant::EPOCH, mode, declaration.label),
            is_closed: false,
            label: declaration.label,
            rows,
            later,
            mode,
        }
    }

    pub(super) const fn quota(&self) -> Quota {
        self.rows.first.quota
    }

    /// Returns the terms of each whole limiter.
    pub(super) const fn of_wholes(&self) -> KeyTerms<'_> {
        KeyTerms {
            rows: &self.later,
            mode: self.mode,
        }
    }

    /// Returns the whole limiter of a key. `tat`: that of its bucket. `None`: it is a new key.
    pub(super) fn limiter(&self, tat: Option<Instant>, now: Instant) -> Arc<Shared> {
        let (rows, tat) = match tat {
            Some(tat) => (&self.later, tat),
            None if self.is_compact => (&self.later, self.unknown),
            None if now < self.unknown => (&self.rows, Instant::EPOCH),
            None => (&self.later, Instant::EPOCH),
        };
        Shared::of_key(rows, tat, self.mode, self.label)
    }

    /// Returns the whole limiter of the key that a store knows by this digest.
    pub(super) fn limiter_in_store(&self, place: &PlaceOfKeys, digest: &KeyDigest) -> Arc<Shared> {
        Shared::of_key_in_store((&self.later, self.settles), (place, digest), self.mode)
    }
}
