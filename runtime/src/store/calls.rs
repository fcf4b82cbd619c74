//! Calls that draw from several limits.

use super::MAX_LIMITS;

/// Calls to be served, in the order of their queue, each with what it takes of each limit. Equal calls in a row take no
/// more room than one. There are 32 at most.
///
/// # Examples
///
/// ```
/// use paced::store::Calls;
///
/// // Three calls of one request and 500 tokens each, and one of 2,000 tokens.
/// let calls = Calls::new().and(3, &[1, 500]).and(1, &[1, 2000]);
/// assert_eq!((calls.len(), calls.runs().len()), (4, 2));
/// assert_eq!(Calls::new().and(100, &[1]).len(), Calls::MAX);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    runs: Vec<CallRun>,
}

/// Calls in a row that take the same.
///
/// # Examples
///
/// ```
/// use paced::store::Calls;
///
/// let calls = Calls::new().and(3, &[1, 500]);
/// assert_eq!((calls.runs()[0].count, calls.runs()[0].costs[1]), (3, 500));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallRun {
    /// Number of calls.
    pub count: u32,
    /// Tokens that each of them takes of each limit.
    pub costs: [u32; MAX_LIMITS],
}

impl Calls {
    /// Largest number of calls that are served at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Calls;
    ///
    /// assert_eq!(Calls::MAX, 32);
    /// ```
    pub const MAX: u32 = 32;

    /// Creates an empty list.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Calls;
    ///
    /// assert!(Calls::new().is_empty());
    /// ```
    pub const fn new() -> Self {
        Self { runs: Vec::new() }
    }

    /// Returns the list with `count` calls after the others, each of which takes `costs` of the limits; of further limits
    /// it takes nothing. Calls beyond [`MAX`](Self::MAX) and costs beyond [`MAX_LIMITS`] are left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Calls;
    ///
    /// let calls = Calls::new().and(1, &[1, 500]).and(1, &[1, 500]);
    /// assert_eq!(calls, Calls::new().and(2, &[1, 500]));
    /// ```
    #[must_use]
    pub fn and(mut self, count: u32, costs: &[u32]) -> Self {
        let count = count.min(Self::MAX - self.len());
        let mut run = CallRun {
            count,
            ..CallRun::default()
        };
        for (cost, given) in run.costs.iter_mut().zip(costs) {
            *cost = *given;
        }
        match self.runs.last_mut() {
            _ if count == 0 => {}
            Some(last) if last.costs == run.costs => last.count += count,
            _ => self.runs.push(run),
        }
        self
    }

    /// Returns the number of calls.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Calls;
    ///
    /// assert_eq!(Calls::new().and(3, &[1]).len(), 3);
    /// ```
    pub fn len(&self) -> u32 {
        self.runs.iter().map(|run| run.count).sum()
    }

    /// Returns whether there is no call.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Calls;
    ///
    /// assert!(Calls::new().and(0, &[1]).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Returns the calls as runs of equal ones, in their order.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Calls;
    ///
    /// assert_eq!(Calls::new().and(3, &[1]).runs()[0].count, 3);
    /// ```
    pub fn runs(&self) -> &[CallRun] {
        &self.runs
    }
}
