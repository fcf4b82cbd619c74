//! Amounts that an attempt really took, as its body says.

use std::sync::Arc;

use super::amounts::Amounts;
use super::meter::MeterTally;

/// Amounts that an attempt really took, as its body says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spending {
    pub(crate) amounts: Amounts,
    /// The attempt costs nothing but the amounts.
    pub(crate) refunded: bool,
    /// Tally of the attempt's meters, if it has any.
    pub(crate) tally: Option<Arc<MeterTally>>,
}
