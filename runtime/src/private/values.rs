//! Constants of the user's program as values of options: checked while the program is compiled.

use core::time::Duration;

use crate::quota::Rate;

use super::settings::checked;

/// A constant given as `rate`.
#[derive(Debug)]
pub struct RateValue<T>(pub T);

/// A constant given as `burst`.
#[derive(Debug)]
pub struct BurstValue<T>(pub T);

/// A constant given as a duration.
#[derive(Debug)]
pub struct DurationValue<T>(pub T);

/// A constant given as `factor`.
#[derive(Debug)]
pub struct FactorValue<T>(pub T);

/// A constant given as a share.
#[derive(Debug)]
pub struct ShareValue<T>(pub T);

/// A constant given as `max_retries` or `max_throttles`.
#[derive(Debug)]
pub struct RetriesValue<T>(pub T);

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl RateValue<$type> {
            /// This many tokens per second.
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss, reason = "far below 2^52")]
            #[track_caller]
            pub const fn rate(self) -> Rate {
                checked(Rate::from_hz(self.0 as f64))
            }
        }

        impl FactorValue<$type> {
            /// This factor.
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss, reason = "far below 2^52")]
            #[track_caller]
            pub const fn factor(self) -> f64 {
                self.0 as f64
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, usize, i32, i64, f32, f64);

macro_rules! counts {
    ($($type:ty),*) => {$(
        impl BurstValue<$type> {
            /// This burst.
            #[track_caller]
            pub const fn burst(self) -> u32 {
                assert!(self.0 != 0, "burst must be from 1 to 4294967295");
                count(self.0 as i128, "burst must be from 1 to 4294967295")
            }
        }

        impl RetriesValue<$type> {
            /// This many retries.
            #[track_caller]
            pub const fn retries(self) -> u32 {
                count(self.0 as i128, "a number of retries must be from 0 to 4294967295")
            }
        }
    )*};
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked just before"
)]
const fn count(value: i128, sentence: &'static str) -> u32 {
    assert!(value >= 0 && value <= u32::MAX as i128, "{}", sentence);
    value as u32
}

counts!(u8, u16, u32, u64, usize, i32, i64);

impl RateValue<&str> {
    /// The rate that the text says.
    #[track_caller]
    pub const fn rate(self) -> Rate {
        checked(Rate::parse(self.0))
    }
}

impl RateValue<Rate> {
    /// The rate itself.
    #[track_caller]
    pub const fn rate(self) -> Rate {
        self.0
    }
}

impl DurationValue<Duration> {
    /// The duration itself.
    #[track_caller]
    pub const fn duration(self) -> Duration {
        assert!(!self.0.is_zero(), "a duration must be above 0");
        self.0
    }
}

impl ShareValue<f64> {
    /// This share.
    #[track_caller]
    pub const fn share(self) -> f64 {
        assert!(self.0 >= 0.0 && self.0 <= 1.0, "{}", NO_SHARE);
        self.0
    }
}

/// What is said of a share that is none.
pub(super) const NO_SHARE: &str = "a share is a number from 0 to 1";
