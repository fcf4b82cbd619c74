//! Values of options that are known only at run time.
//!
//! Values of the limiter's options are evaluated at the first call of the function, and those of the call's options at
//! each call. They are taken by reference.

use core::num::NonZero;
use core::time::Duration;

use crate::error::Error;
use crate::grammar;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::row::Row;

use super::settings::Settings;
use super::stores;
use super::stores::StoreChoice;
use super::stores::ToStore;

/// Type of a value of `rate`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no rate",
    label = "expected a rate",
    note = "a rate is a number of calls per second, a text like \"300/min\", or a `paced::Rate`"
)]
pub trait ToRate {
    /// Returns the rate.
    ///
    /// # Errors
    ///
    /// A number or a text that is not a rate.
    fn to_rate(&self) -> Result<Rate, Error>;
}

/// Type of a number.
#[diagnostic::on_unimplemented(message = "`{Self}` is no number", label = "expected a number")]
pub trait ToNumber {
    /// Returns the number.
    fn to_number(&self) -> f64;
}

/// Type of a count.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no whole number",
    label = "expected a whole number"
)]
pub trait ToCount {
    /// Returns the number, clamped to the range of `u32`.
    fn to_count(&self) -> u32;
}

/// Type of a duration.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no duration",
    label = "expected a `Duration`",
    note = "a duration is a `std::time::Duration`, like `Duration::from_secs(10)`"
)]
pub trait ToDuration {
    /// Returns the duration.
    fn to_duration(&self) -> Duration;
}

/// Type of a time that bounds a call, which may be absent.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no duration",
    label = "expected a `Duration`",
    note = "a duration is a `std::time::Duration`, like `Duration::from_secs(10)`, a text like \"10s\", or an `Option` \
            of either"
)]
pub trait ToTime {
    /// Returns the duration. `None` if none is set.
    ///
    /// # Errors
    ///
    /// A text that is not a duration.
    fn to_time(&self) -> Result<Option<Duration>, Error>;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl ToRate for $type {
            fn to_rate(&self) -> Result<Rate, Error> {
                Rate::from_hz(self.to_number())
            }
        }

        impl ToNumber for $type {
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss, reason = "far below 2^52")]
            fn to_number(&self) -> f64 {
                *self as f64
            }
        }
    )*};
}

numbers!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64
);

macro_rules! counts {
    ($($type:ty),*) => {$(
        impl ToCount for $type {
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(unused_comparisons, reason = "one list serves every number type")]
            fn to_count(&self) -> u32 {
                u32::try_from(*self).unwrap_or(if *self < 0 { 0 } else { u32::MAX })
            }
        }
    )*};
}

counts!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize
);

macro_rules! non_zeros {
    ($($type:ty),*) => {$(
        impl ToRate for NonZero<$type> {
            fn to_rate(&self) -> Result<Rate, Error> {
                self.get().to_rate()
            }
        }

        impl ToCount for NonZero<$type> {
            fn to_count(&self) -> u32 {
                self.get().to_count()
            }
        }
    )*};
}

non_zeros!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize
);

impl ToRate for str {
    fn to_rate(&self) -> Result<Rate, Error> {
        Rate::read(self)
    }
}

impl ToRate for String {
    fn to_rate(&self) -> Result<Rate, Error> {
        Rate::read(self)
    }
}

impl ToRate for Rate {
    fn to_rate(&self) -> Result<Rate, Error> {
        Ok(*self)
    }
}

impl ToDuration for Duration {
    fn to_duration(&self) -> Duration {
        *self
    }
}

impl ToTime for Duration {
    fn to_time(&self) -> Result<Option<Duration>, Error> {
        Ok(Some(*self))
    }
}

impl<T: ToTime> ToTime for Option<T> {
    fn to_time(&self) -> Result<Option<Duration>, Error> {
        self.as_ref().map_or(Ok(None), T::to_time)
    }
}

impl ToTime for str {
    fn to_time(&self) -> Result<Option<Duration>, Error> {
        match grammar::duration(self) {
            Ok(nanos) => Ok(Some(Duration::from_nanos(nanos))),
            Err(fault) => Err(Error::misconfigured(fault.explain(self))),
        }
    }
}

impl ToTime for String {
    fn to_time(&self) -> Result<Option<Duration>, Error> {
        self.as_str().to_time()
    }
}

macro_rules! references {
    ($($trait:ident: $method:ident -> $out:ty;)*) => {$(
        impl<T: $trait + ?Sized> $trait for &T {
            fn $method(&self) -> $out {
                T::$method(self)
            }
        }

        impl<T: $trait + ?Sized> $trait for &mut T {
            fn $method(&self) -> $out {
                T::$method(self)
            }
        }
    )*};
}

references! {
    ToRate: to_rate -> Result<Rate, Error>;
    ToNumber: to_number -> f64;
    ToCount: to_count -> u32;
    ToDuration: to_duration -> Duration;
    ToTime: to_time -> Result<Option<Duration>, Error>;
}

/// Returns the value of `rate`.
pub fn rate(value: &impl ToRate) -> Result<Rate, Error> {
    value.to_rate()
}

/// Returns the value of `store`, which is made once for each function.
pub fn store(value: impl ToStore) -> Result<StoreChoice, Error> {
    stores::keep(value)
}

/// Returns the value of `burst`.
pub fn burst(value: &impl ToCount) -> Result<u32, Error> {
    match value.to_count() {
        0 => Err(Error::invalid(grammar::NO_BURST)),
        burst => Ok(burst),
    }
}

/// Returns the value of `max_keys`.
pub fn keys(value: &impl ToCount) -> Result<u32, Error> {
    match value.to_count() {
        0 => Err(Error::invalid(grammar::NO_KEYS)),
        keys => Ok(keys),
    }
}

/// Returns the value of `max_concurrency`.
pub fn slots(value: &impl ToCount) -> Result<u32, Error> {
    match value.to_count() {
        0 => Err(Error::invalid(grammar::NO_SLOTS)),
        slots => Ok(slots),
    }
}

/// Returns the value of `factor`.
pub fn factor(value: &impl ToNumber) -> Result<f64, Error> {
    let factor = value.to_number();
    if grammar::is_factor(factor) {
        Ok(factor)
    } else {
        Err(Error::invalid(grammar::NO_FACTOR))
    }
}

/// Returns the value of an option that is a share.
///
/// # Errors
///
/// A number that is not from 0 to 1.
pub fn share(value: &impl ToNumber) -> Result<f64, Error> {
    let value = value.to_number();
    if grammar::is_share(value) {
        Ok(value)
    } else {
        Err(Error::invalid(grammar::NO_SHARE))
    }
}

/// Returns a duration in `backoff`, which may be zero.
pub fn duration(value: &impl ToDuration) -> Result<Duration, Error> {
    Ok(value.to_duration())
}

macro_rules! counts_of_retries {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(settings: Settings, value: &impl ToCount) -> Result<Settings, Error> {
            Ok(settings.$name(value.to_count()))
        }
    )*};
}

counts_of_retries! {
    /// Sets `max_retries`, clamped to the range of `u32`.
    max_retries;
    /// Sets `max_throttles`, clamped to the range of `u32`.
    max_throttles;
}

/// Sets `window = "strict"`, beside a rate or a burst that is known only at run time.
///
/// # Errors
///
/// A rate that has to be rounded, or a burst that is not less than the window.
pub fn strict(settings: Settings) -> Result<Settings, Error> {
    settings.try_strict()
}

/// Sets `max_cooldown`.
pub fn max_cooldown(settings: Settings, value: &impl ToDuration) -> Result<Settings, Error> {
    Ok(settings.max_cooldown(value.to_duration()))
}

/// `slow`
pub fn slow(settings: Settings, value: &impl ToDuration) -> Result<Settings, Error> {
    Ok(settings.slow(value.to_duration()))
}

macro_rules! times {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(settings: Settings, value: &impl ToTime) -> Result<Settings, Error> {
            Ok(value.to_time()?.map_or(settings, |time| settings.$name(time)))
        }
    )*};
}

times! {
    /// Sets `deadline`: the time that the call has from now on. Zero refuses the call.
    deadline;
    /// Sets `attempt_timeout`.
    attempt_timeout;
    /// Sets `max_wait`. Zero admits only calls that need not wait.
    max_wait;
}

/// Returns limits that are only known at run time. They live as long as the program, as their function does.
pub fn limits<const N: usize>(rows: [Row; N]) -> &'static [Row] {
    Box::leak(Box::new(rows))
}

/// Returns a limit with a strict window that is only known at run time.
pub fn strict_limit(row: Row, burst: Option<u32>) -> Result<Row, Error> {
    let burst = burst.and_then(NonZero::new);
    let quota = Quota::in_strict_window(row.quota.rate(), burst)?;
    Ok(Row { quota, ..row })
}
