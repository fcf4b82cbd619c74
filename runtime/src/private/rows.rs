//! Limits, costs and settlements, as expansions pass them.

use core::num::NonZero;
use core::num::NonZeroU32;

use crate::call::Attempted;
use crate::grammar;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::row::REQUESTS;
use crate::row::Row;
use crate::row::RowKey;

use super::probe::Probe;
use super::settings::Settings;
use super::settings::checked;

/// Returns a limit with the default burst, one second's worth. An empty unit: requests, without a name.
pub const fn limit(unit: &'static str, rate: Rate) -> Row {
    Row::new(unit, Quota::new(rate))
}

impl Row {
    /// Sets the burst. Zero is ignored: the macro refuses it.
    #[must_use]
    pub const fn burst(mut self, burst: u32) -> Self {
        if let Some(burst) = NonZeroU32::new(burst) {
            self.quota = self.quota.with_burst(burst);
        }
        self
    }

    /// Sets the burst to the rate's count, all tokens of one period.
    #[must_use]
    pub const fn whole_period(mut self) -> Self {
        self.quota = self.quota.with_burst(self.quota.rate().count());
        self
    }
}

impl Settings {
    /// Sets the burst to the rate's count, all tokens of one period. It has to be called after `rate`.
    #[must_use]
    pub const fn whole_period(mut self) -> Self {
        if let Some(quota) = self.quota {
            self.quota = Some(quota.with_burst(quota.rate().count()));
        }
        self
    }
}

/// Sets the bursts of those limits of requests that have none, as `without` tells.
///
/// The fastest one keeps one second's worth. The others get the whole period's count: with one second's worth each, the
/// slowest one alone would ever hold calls back.
pub const fn default_bursts<const N: usize>(mut rows: [Row; N], without: [bool; N]) -> [Row; N] {
    let mut row = 0;
    while row < N {
        let fastest = fastest_interval(&rows, rows[row].key);
        if without[row] && rows[row].quota.rate().span().nanos() > fastest {
            rows[row] = rows[row].whole_period();
        }
        row += 1;
    }
    rows
}

/// Returns the least nanoseconds from one token to the next of the limits of requests that have this key.
const fn fastest_interval(rows: &[Row], key: RowKey) -> u64 {
    let mut fastest = u64::MAX;
    let mut row = 0;
    while row < rows.len() {
        let interval = rows[row].quota.rate().span().nanos();
        let is_candidate = counts_requests(rows[row].unit) && rows[row].key.is(key);
        if is_candidate && interval < fastest {
            fastest = interval;
        }
        row += 1;
    }
    fastest
}

/// [`Row::counts_requests`] as a constant function.
const fn counts_requests(unit: &str) -> bool {
    unit.is_empty() || grammar::is_at(unit.as_bytes(), 0, unit.len(), REQUESTS.as_bytes())
}

/// Returns a limit with a strict window.
///
/// # Panics
///
/// At compile time, on a rate that has to be rounded, or a burst that is not less than the window.
#[track_caller]
pub const fn strict_limit(row: Row, burst: Option<u32>) -> Row {
    let burst = match burst {
        Some(burst) => NonZeroU32::new(burst),
        None => None,
    };
    Row {
        quota: checked(Quota::in_strict_window(row.quota.rate(), burst)),
        ..row
    }
}

/// Cost of a call: an unsigned integer.
#[diagnostic::on_unimplemented(
    message = "a cost is an unsigned integer, and not `{Self}`",
    label = "not an unsigned integer"
)]
pub trait CostValue {
    /// Returns the cost; more than `u64::MAX` counts as that.
    fn cost(&self) -> u64;
}

/// Amount that an attempt really spent: an unsigned integer, or an `Option` of one. `None`: the cost stands.
#[diagnostic::on_unimplemented(
    message = "`settle` returns an unsigned integer or an `Option` of one, and not `{Self}`",
    label = "not an unsigned integer"
)]
pub trait SpentValue {
    /// Returns the amount, if there is one.
    fn spent(&self) -> Option<u64>;
}

macro_rules! amounts {
    ($($type:ty),*) => {$(
        impl CostValue for $type {
            fn cost(&self) -> u64 {
                u64::try_from(*self).unwrap_or(u64::MAX)
            }
        }

        impl SpentValue for $type {
            fn spent(&self) -> Option<u64> {
                Some(self.cost())
            }
        }
    )*};
}

amounts!(u8, u16, u32, u64, u128, usize);

macro_rules! non_zeros {
    ($($type:ty),*) => {$(
        impl CostValue for NonZero<$type> {
            fn cost(&self) -> u64 {
                self.get().cost()
            }
        }

        impl SpentValue for NonZero<$type> {
            fn spent(&self) -> Option<u64> {
                Some(self.cost())
            }
        }
    )*};
}

non_zeros!(u8, u16, u32, u64, u128, usize);

impl<C: CostValue> CostValue for &C {
    fn cost(&self) -> u64 {
        (**self).cost()
    }
}

impl<C: CostValue> SpentValue for Option<C> {
    fn spent(&self) -> Option<u64> {
        self.as_ref().map(CostValue::cost)
    }
}

/// Returns a cost that the user wrote.
pub fn cost(value: &impl CostValue) -> u64 {
    value.cost()
}

impl<T, E> Probe<Result<T, E>> {
    /// Returns what a successful attempt took, by the function that the option `settle` gives.
    pub fn __paced_spent<V: SpentValue>(
        &self,
        out: &Attempted<Result<T, E>>,
        settle: impl FnOnce(&T) -> V,
    ) -> Option<u64> {
        match out {
            Attempted::Done(Ok(reply)) => settle(reply).spent(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(unit: &'static str, rate: &str) -> Row {
        limit(unit, Rate::parse(rate).expect(rate))
    }

    fn bursts<const N: usize>(rows: [Row; N], without: [bool; N]) -> [u32; N] {
        default_bursts(rows, without).map(|row| row.quota.burst().get())
    }

    #[test]
    fn default_bursts_let_each_limit_matter() {
        let limits = [
            row("", "10/s"),
            row("requests", "1000/h"),
            row("", "5000/d"),
        ];
        assert_eq!(bursts(limits, [true; 3]), [10, 1000, 5000]);
        let [seconds, hours, _] = limits;
        assert_eq!(bursts([hours, seconds], [true; 2]), [1000, 10]);
        // One that is written stays.
        assert_eq!(bursts([hours.burst(20), seconds], [false, true]), [20, 10]);
        assert_eq!(bursts([hours, seconds.burst(3)], [true, false]), [1000, 3]);
        // Limits of the same rate.
        assert_eq!(bursts([seconds, seconds], [true; 2]), [10, 10]);
        // Another unit does not count.
        assert_eq!(
            bursts([hours, row("tokens", "500/s")], [true, false]),
            [1, 500]
        );
    }

    #[test]
    fn a_whole_period_is_the_count_as_it_was_written() {
        assert_eq!(
            row("tokens", "30000/min")
                .whole_period()
                .quota
                .burst()
                .get(),
            30_000
        );
        assert_eq!(row("tokens", "1/d").whole_period().quota.burst().get(), 1);
        let settings = Settings::new().rate(Rate::parse("300/min").expect("a rate"));
        let quota = settings.whole_period().quota.expect("a quota");
        assert_eq!(quota.burst().get(), 300);
    }
}
