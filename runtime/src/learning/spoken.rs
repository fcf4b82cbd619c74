//! The windows that a hint tells of, one by one.

use core::time::Duration;

use crate::hint::Hint;
use crate::hint::Policy;

/// A window no longer than this counts as new after its length where its end is not told. A day, say,
/// may be over at any moment.
const SHORT: Duration = Duration::from_secs(60);

/// One window that a hint tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoken<'a> {
    pub(super) name: &'a str,
    pub(super) is_requests: bool,
    pub(super) limit: Option<f64>,
    pub(super) remaining: Option<f64>,
    pub(super) reset: Option<Duration>,
}

/// Returns the windows that a hint tells of. A single one with a name is what the hint itself tells of.
pub(super) fn windows(hint: &Hint) -> Vec<Spoken<'_>> {
    let single = hint.policies().len() < 2;
    let name = hint.policies().first().and_then(Policy::name);
    let whole = Spoken {
        name: name.filter(|_| single).unwrap_or_default(),
        is_requests: hint.counts_requests(),
        limit: hint.limit(),
        remaining: hint.remaining(),
        reset: hint.reset_after(),
    };
    let policies = hint.policies().iter().map(|policy| Spoken {
        name: policy.name().unwrap_or_default(),
        is_requests: policy.unit() == "requests",
        limit: policy.limit(),
        remaining: policy.remaining(),
        reset: policy.reset_after().or_else(|| short(policy)),
    });
    if single && whole.reset.is_some() {
        return vec![whole];
    }
    core::iter::once(whole)
        .filter(|whole| whole.is_requests && !covered(whole, hint.policies()))
        .chain(policies)
        .collect()
}

/// Whether a policy tells the same.
fn covered(whole: &Spoken<'_>, policies: &[Policy]) -> bool {
    policies.iter().any(|policy| {
        let same_reset = whole.reset.is_none() || whole.reset == policy.reset_after();
        same_reset && policy.remaining() == whole.remaining && policy.limit() == whole.limit
    })
}

/// The length of a window of which no end is told, if it will be over soon.
fn short(policy: &Policy) -> Option<Duration> {
    policy.window().filter(|length| *length <= SHORT)
}
