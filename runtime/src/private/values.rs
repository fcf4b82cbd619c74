//! Values of options that are constants, and are checked at compile time.

use core::marker::PhantomData;
use core::num::NonZero;
use core::ops::Deref;
use core::time::Duration;

use crate::error::Error;
use crate::grammar;
use crate::grammar::Wrong;
use crate::quota::Rate;
use crate::store_url;

use super::run_time::ToCount;
use super::run_time::ToNumber;
use super::run_time::ToRate;
use super::run_time::ToTime;
use super::settings::checked;
use super::stores::StoreChoice;
use super::stores::ToStore;

/// Constant of a type that the option does not accept. It has the same methods as the accepted types, with a bound that
/// does not hold, so that the compiler prints the message of the bound.
#[derive(Debug)]
pub struct Unfit<T>(PhantomData<T>);

macro_rules! constants {
    ($($(#[$doc:meta])* $name:ident: $method:ident -> $out:ty where $bound:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<T>(pub T);

        /// Types without the method deref to [`Unfit`], where the bound refuses them.
        impl<T> Deref for $name<T> {
            type Target = Unfit<T>;

            fn deref(&self) -> &Unfit<T> {
                &Unfit(PhantomData)
            }
        }

        impl<T> Unfit<T> {
            /// Never compiles, because of its bound. The compiler prints the bound's message.
            ///
            /// # Panics
            ///
            /// Always.
            pub fn $method(&self) -> $out
            where
                T: $bound,
            {
                unreachable!("the constant's own method comes first")
            }
        }
    )*};
}

constants! {
    /// Constant as value of `rate`.
    RateValue: rate -> Rate where ToRate;
    /// Constant as value of `burst`.
    BurstValue: burst -> u32 where ToCount;
    /// Constant as value of `max_keys`.
    KeysValue: keys -> u32 where ToCount;
    /// Constant as value of `max_concurrency`.
    SlotsValue: slots -> u32 where ToCount;
    /// Constant as value of an option that is a duration.
    DurationValue: duration -> Duration where ToTime;
    /// Constant as value of `factor`.
    FactorValue: factor -> f64 where ToNumber;
    /// Constant as value of an option that is a share.
    ShareValue: share -> f64 where ToNumber;
    /// Constant as value of `max_retries` or `max_throttles`.
    RetriesValue: retries -> u32 where ToCount;
    /// Constant as value of `store`.
    StoreValue: store -> StoreChoice where ToStore;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl RateValue<$type> {
            /// Returns the rate of this many tokens per second.
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss, reason = "a rate that is off by one part in 2^53 is the same")]
            #[track_caller]
            pub const fn rate(self) -> Rate {
                checked(Rate::from_hz(self.0 as f64))
            }
        }

        impl FactorValue<$type> {
            /// Returns the factor.
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss, reason = "a factor that is off by one part in 2^53 is the same")]
            #[track_caller]
            pub const fn factor(self) -> f64 {
                let factor = self.0 as f64;
                assert!(grammar::is_factor(factor), "{}", grammar::NO_FACTOR);
                factor
            }
        }

        impl ShareValue<$type> {
            /// Returns the share.
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss, reason = "from 0 to 1")]
            #[track_caller]
            pub const fn share(self) -> f64 {
                let share = self.0 as f64;
                assert!(grammar::is_share(share), "{}", grammar::NO_SHARE);
                share
            }
        }
    )*};
}

numbers!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64
);

macro_rules! counts {
    ($($type:ty),*) => {$(
        impl BurstValue<$type> {
            /// Returns the burst.
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(unused_comparisons, clippy::cast_sign_loss, clippy::cast_lossless, reason = "not below 0")]
            #[track_caller]
            pub const fn burst(self) -> u32 {
                assert!(self.0 > 0, "{}", grammar::NO_BURST);
                count(self.0 as u128)
            }
        }

        impl KeysValue<$type> {
            /// Returns the number of keys.
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(unused_comparisons, clippy::cast_sign_loss, clippy::cast_lossless, reason = "not below 0")]
            #[track_caller]
            pub const fn keys(self) -> u32 {
                assert!(self.0 > 0, "{}", grammar::NO_KEYS);
                count(self.0 as u128)
            }
        }

        impl SlotsValue<$type> {
            /// Returns the number of calls in flight.
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(unused_comparisons, clippy::cast_sign_loss, clippy::cast_lossless, reason = "not below 0")]
            #[track_caller]
            pub const fn slots(self) -> u32 {
                assert!(self.0 > 0, "{}", grammar::NO_SLOTS);
                count(self.0 as u128)
            }
        }

        impl RetriesValue<$type> {
            /// Returns the number of retries.
            #[expect(clippy::allow_attributes, reason = "one list serves every number type")]
            #[allow(unused_comparisons, clippy::cast_sign_loss, clippy::cast_lossless, reason = "not below 0")]
            #[track_caller]
            pub const fn retries(self) -> u32 {
                assert!(self.0 >= 0, "{}", NO_RETRIES);
                count(self.0 as u128)
            }
        }
    )*};
}

counts!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize
);

macro_rules! non_zeros {
    ($($type:ty),*) => {$(
        impl RateValue<NonZero<$type>> {
            /// Returns the rate of this many tokens per second.
            #[track_caller]
            pub const fn rate(self) -> Rate {
                RateValue(self.0.get()).rate()
            }
        }

        impl BurstValue<NonZero<$type>> {
            /// Returns the burst.
            #[track_caller]
            pub const fn burst(self) -> u32 {
                BurstValue(self.0.get()).burst()
            }
        }

        impl KeysValue<NonZero<$type>> {
            /// Returns the number of keys.
            #[track_caller]
            pub const fn keys(self) -> u32 {
                KeysValue(self.0.get()).keys()
            }
        }

        impl SlotsValue<NonZero<$type>> {
            /// Returns the number of calls in flight.
            #[track_caller]
            pub const fn slots(self) -> u32 {
                SlotsValue(self.0.get()).slots()
            }
        }

        impl RetriesValue<NonZero<$type>> {
            /// Returns the number of retries.
            #[track_caller]
            pub const fn retries(self) -> u32 {
                RetriesValue(self.0.get()).retries()
            }
        }
    )*};
}

non_zeros!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize
);

#[expect(clippy::cast_possible_truncation, reason = "checked just before")]
#[track_caller]
const fn count(value: u128) -> u32 {
    assert!(value <= u32::MAX as u128, "{}", grammar::TOO_MANY);
    value as u32
}

const NO_RETRIES: &str = "a number of retries is 0 or more: 0 means no retry";

impl RateValue<&str> {
    /// Parses the rate.
    #[track_caller]
    pub const fn rate(self) -> Rate {
        checked(Rate::parse(self.0))
    }
}

impl RateValue<Rate> {
    /// Returns the rate.
    #[track_caller]
    pub const fn rate(self) -> Rate {
        self.0
    }
}

impl DurationValue<Duration> {
    /// Returns the duration.
    #[track_caller]
    pub const fn duration(self) -> Duration {
        assert!(!self.0.is_zero(), "{}", Wrong::ZeroTime.sentence());
        self.0
    }
}

impl DurationValue<Option<Duration>> {
    /// Returns the duration, if there is one.
    #[track_caller]
    pub const fn duration(self) -> Duration {
        match self.0 {
            Some(duration) => DurationValue(duration).duration(),
            None => panic!("a constant that is `None` sets nothing: leave the option out"),
        }
    }
}

impl DurationValue<&str> {
    /// Parses the duration.
    #[track_caller]
    pub const fn duration(self) -> Duration {
        match grammar::duration(self.0) {
            Ok(nanos) => Duration::from_nanos(nanos),
            Err(fault) => checked(Err(Error::invalid(fault.wrong.sentence()))),
        }
    }
}

impl StoreValue<&'static str> {
    /// The store at this URL.
    ///
    /// # Panics
    ///
    /// At compile time, on a URL that means no store, or one whose feature is missing.
    #[track_caller]
    pub const fn store(self) -> StoreChoice {
        let enabled = match store_url::store(self.0) {
            Ok(kind) => kind.enabled(),
            Err(sentence) => Err(sentence),
        };
        match enabled {
            Ok(()) => StoreChoice::at(self.0),
            Err(sentence) => panic!("{}", sentence),
        }
    }
}
