//! Declarations of a provider's rows.

use super::counter::Pace;
use super::request::Charge;
use super::request::Measure;
use super::request::Request;

/// A row of a provider.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Name, as in the headers.
    pub name: &'static str,
    /// Resource of the requests that it counts; empty: all requests.
    pub resource: &'static str,
    /// Rule.
    pub pace: Pace,
    /// Amount that it counts.
    pub measure: Measure,
    /// Time at which it counts.
    pub charge: Charge,
    /// Refused requests count as well.
    pub counts_refused: bool,
    /// The headers tell of it.
    pub is_spoken: bool,
}

impl Row {
    /// A row that the headers tell of, and that counts each request as it arrives.
    pub const fn new(name: &'static str, pace: Pace, measure: Measure) -> Self {
        Self {
            name,
            resource: "",
            pace,
            measure,
            charge: Charge::Start,
            counts_refused: false,
            is_spoken: true,
        }
    }

    /// Sets the time at which it counts.
    #[must_use]
    pub const fn charging(mut self, charge: Charge) -> Self {
        self.charge = charge;
        self
    }

    /// Counts the requests of one resource alone.
    #[must_use]
    pub const fn of(mut self, resource: &'static str) -> Self {
        self.resource = resource;
        self
    }

    /// Counts refused requests as well.
    #[must_use]
    pub const fn counting_refused(mut self) -> Self {
        self.counts_refused = true;
        self
    }

    /// Leaves it out of the headers.
    #[must_use]
    pub const fn unspoken(mut self) -> Self {
        self.is_spoken = false;
        self
    }

    pub(super) fn concerns(&self, request: &Request) -> bool {
        self.resource.is_empty() || self.resource == request.resource
    }

    /// Returns the amount that has to be left for a request to pass.
    pub(super) const fn needs(&self, request: &Request) -> u64 {
        match self.charge {
            Charge::Start | Charge::Reserve | Charge::Hold => self.measure.bound(request),
            Charge::End | Charge::Produced => 1,
        }
    }
}
