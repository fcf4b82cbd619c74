//! How far an attempt is.

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It has not begun, or has ended.
    Waiting,
    UnderWay,
    /// It is under way, and the limiter has been told that it was refused.
    Reported,
}

impl Progress {
    #[inline]
    pub(crate) const fn is_under_way(self) -> bool {
        !matches!(self, Self::Waiting)
    }

    pub(crate) const fn is_reported(self) -> bool {
        matches!(self, Self::Reported)
    }
}
