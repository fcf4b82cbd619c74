//! Learning from calls that pass without waiting.

use core::num::NonZeroU32;

use crate::clock;
use crate::costs::Costs;
use crate::limiter::Function;
use crate::quota::Quota;

use super::shared::Shared;

#[test]
fn calls_that_pass_are_not_reported_for_ever() {
    let often = NonZeroU32::new(1_000_000_000).expect("above 0");
    let shared = Shared::new(Quota::per_second(often).with_burst(often));
    for _ in 0..1100 {
        let now = clock::now();
        assert!(shared.pass(1, now));
        if !shared.count_pass() {
            shared.learn_from_pass(Function::of(&0), (now, &Costs::ONE), false);
        }
    }
    assert!(!shared.published.is_attentive());
}
