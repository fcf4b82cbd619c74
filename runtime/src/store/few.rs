//! Short lists: at least one value, and no allocation for one or two.

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Few<T> {
    One([T; 1]),
    Two([T; 2]),
    More(Vec<T>),
}

impl<T: Clone> Few<T> {
    pub(super) const fn one(value: T) -> Self {
        Self::One([value])
    }

    pub(super) fn push(&mut self, value: T) {
        match self {
            Self::One([first]) => *self = Self::Two([first.clone(), value]),
            Self::Two([first, second]) => {
                *self = Self::More(vec![first.clone(), second.clone(), value]);
            }
            Self::More(values) => values.push(value),
        }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        match self {
            Self::One(values) => values,
            Self::Two(values) => values,
            Self::More(values) => values,
        }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Self::One(values) => values,
            Self::Two(values) => values,
            Self::More(values) => values,
        }
    }

    /// Returns the results of `change` for all values, in their order.
    pub(super) fn map<U: Clone>(&self, change: impl FnMut(&T) -> U) -> Few<U> {
        match self {
            Self::One(values) => Few::One(values.each_ref().map(change)),
            Self::Two(values) => Few::Two(values.each_ref().map(change)),
            Self::More(values) => Few::More(values.iter().map(change).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_in_order_whatever_their_number() {
        let mut few = Few::one(0);
        for value in 1..6 {
            few.push(value);
        }
        assert_eq!(few.as_slice(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(few.map(|value| 2 * value).as_slice(), [0, 2, 4, 6, 8, 10]);
        few.as_mut_slice()[1] = 7;
        assert_eq!(few.as_slice()[..3], [0, 7, 2]);
    }
}
