//! Expressions of the user's program as values of options: evaluated at the first call.

use core::time::Duration;

use crate::error::Error;
use crate::quota::Rate;

use super::stores;
use super::stores::StoreChoice;
use super::stores::ToStore;

/// What can be given as `rate`: a number of tokens per second, a text such as `"300/min"`, or a
/// [`Rate`].
pub trait ToRate {
    /// The rate.
    fn to_rate(self) -> Result<Rate, Error>;
}

/// What can be given as a number.
pub trait ToNumber {
    /// The number.
    fn to_number(self) -> f64;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl ToRate for $type {
            fn to_rate(self) -> Result<Rate, Error> {
                Rate::from_hz(self.to_number())
            }
        }

        impl ToNumber for $type {
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss, reason = "far below 2^52")]
            fn to_number(self) -> f64 {
                self as f64
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, usize, i32, i64, f32, f64);

impl ToRate for &str {
    fn to_rate(self) -> Result<Rate, Error> {
        Rate::parse(self)
    }
}

impl ToRate for String {
    fn to_rate(self) -> Result<Rate, Error> {
        Rate::parse(&self)
    }
}

impl ToRate for &String {
    fn to_rate(self) -> Result<Rate, Error> {
        Rate::parse(self)
    }
}

impl ToRate for Rate {
    fn to_rate(self) -> Result<Rate, Error> {
        Ok(self)
    }
}

/// The value of `rate`.
pub fn rate(value: impl ToRate) -> Result<Rate, Error> {
    value.to_rate()
}

/// The value of `store`, made once for each function.
pub fn store(value: impl ToStore) -> Result<StoreChoice, Error> {
    stores::keep(value)
}

/// The value of `burst`.
pub fn burst(value: impl TryInto<u32>) -> Result<u32, Error> {
    let burst = value.try_into().ok().filter(|&burst| burst > 0);
    burst.ok_or_else(|| Error::invalid("burst must be from 1 to 4294967295"))
}

/// The value of `max_retries`; more than fits is as many as fit.
pub fn retries(value: u32) -> Result<u32, Error> {
    Ok(value)
}

/// The value of an option that is a duration.
pub fn duration(value: Duration) -> Result<Duration, Error> {
    Ok(value)
}

/// The value of `factor`.
pub fn factor(value: impl ToNumber) -> Result<f64, Error> {
    let factor = value.to_number();
    crate::backoff::Backoff::new()
        .factor(factor)
        .map(|_| factor)
}

/// The value of an option that is a share.
///
/// # Errors
///
/// Anything but a number from 0 to 1.
pub fn share(value: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::invalid(super::values::NO_SHARE))
    }
}
