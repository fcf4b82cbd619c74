//! Requests, what a row counts of them, and when.

/// A request as it is, and as it turns out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Resource that is asked for, such as `search`.
    pub resource: &'static str,
    /// Tokens of the prompt.
    pub input: u64,
    /// Most tokens, or points, that the request allows the answer to take.
    pub max_output: u64,
    /// Tokens, or points, that the answer takes.
    pub output: u64,
    /// Points of a secondary limit.
    pub points: u64,
}

impl Request {
    /// A request for a resource, without tokens.
    pub const fn for_resource(resource: &'static str, points: u64) -> Self {
        Self {
            resource,
            input: 0,
            max_output: 0,
            output: 0,
            points,
        }
    }

    /// A prompt, the bound of its answer, and its answer.
    pub const fn prompt(input: u64, max_output: u64, output: u64) -> Self {
        Self {
            resource: "",
            input,
            max_output,
            output,
            points: 0,
        }
    }
}

/// Amount that a row counts of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// One for each request.
    One,
    /// Prompt or bound of the answer, whichever is more. Corrected: prompt and answer.
    Larger,
    /// Prompt and bound of the answer. Corrected: prompt and answer.
    Total,
    /// Prompt.
    Input,
    /// Bound of the answer. Corrected: the answer.
    Output,
    /// Points.
    Points,
}

impl Measure {
    /// Returns the most that a request may take, as far as it is known when the request arrives.
    pub(super) const fn bound(self, request: &Request) -> u64 {
        match self {
            Self::One => 1,
            Self::Larger if request.input > request.max_output => request.input,
            Self::Larger | Self::Output => request.max_output,
            Self::Total => request.input + request.max_output,
            Self::Input => request.input,
            Self::Points => request.points,
        }
    }

    /// Returns the amount that the request took.
    pub(super) const fn real(self, request: &Request) -> u64 {
        match self {
            Self::Larger | Self::Total => request.input + request.output,
            Self::Output => request.output,
            Self::One | Self::Input | Self::Points => self.bound(request),
        }
    }
}

/// Time at which a row charges a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// The bound, when it arrives. Never corrected.
    Start,
    /// The bound, when it arrives, and the difference is given back at the end.
    Reserve,
    /// The real amount, at the end. A request passes as long as anything is left.
    End,
    /// The real amount, in parts, while the answer is produced. A request passes as long as anything is left.
    Produced,
    /// The bound, when it arrives, and all of it is given back at the end.
    Hold,
}

impl Measure {
    /// Returns whether more is known of a request at its end than when it arrives.
    pub(super) const fn is_corrected(self) -> bool {
        matches!(self, Self::Larger | Self::Total | Self::Output)
    }
}
