//! Amounts of several units.

use crate::costs::MAX_ROWS;

/// Amounts of several units, which add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amounts(Vec<(Box<str>, u64)>);

impl Amounts {
    /// Maximum number of units, more than a limiter has. Amounts of others are dropped, so that names which a program makes
    /// up take no memory.
    const MOST: usize = 2 * MAX_ROWS;

    /// Adds an amount. A sum above `u64::MAX` counts as that.
    pub(crate) fn add(&mut self, unit: &str, amount: u64) {
        if let Some((_, sum)) = self.0.iter_mut().find(|(known, _)| **known == *unit) {
            *sum = sum.saturating_add(amount);
        } else if self.0.len() < Self::MOST {
            self.0.push((unit.into(), amount));
        }
    }

    /// Adds all amounts of `others`.
    pub(super) fn join(&mut self, others: &Self) {
        for (unit, amount) in others.iter() {
            self.add(unit, amount);
        }
    }

    /// Returns the units and their amounts, in the order of their first mention.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(unit, amount)| (&**unit, *amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_a_unit_add_up_and_saturate() {
        let mut amounts = Amounts::default();
        amounts.add("tokens", 5);
        amounts.add("requests", 0);
        amounts.add("tokens", u64::MAX);
        assert_eq!(
            amounts.iter().collect::<Vec<_>>(),
            [("tokens", u64::MAX), ("requests", 0)]
        );
    }

    #[test]
    fn names_without_end_take_no_memory() {
        let mut amounts = Amounts::default();
        for number in 0..1000 {
            amounts.add(&format!("unit {number}"), 1);
        }
        assert_eq!(amounts.iter().count(), Amounts::MOST);
    }
}
