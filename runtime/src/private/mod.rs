//! The items that the expansion of `#[rate_limited]` uses. Not public API.

mod handle;
mod probe;
mod readers;
pub mod run_time;
mod settings;
mod site;
pub mod stores;
mod values;

pub use self::handle::ToLimiter;
pub use self::handle::limiter;
pub use self::probe::Outcome;
pub use self::probe::Probe;
pub use self::probe::option;
pub use self::probe::probe;
pub use self::readers::Classify;
pub use self::readers::ReadErr;
pub use self::readers::ReadOk;
pub use self::settings::Settings;
pub use self::settings::duration;
pub use self::settings::rate;
pub use self::settings::reset_unit;
pub use self::settings::strict;
pub use self::site::Begin;
pub use self::site::Each;
pub use self::site::Find;
pub use self::site::First;
pub use self::site::Found;
pub use self::site::Own;
pub use self::site::Site;
pub use self::values::BurstValue;
pub use self::values::DurationValue;
pub use self::values::FactorValue;
pub use self::values::RateValue;
pub use self::values::RetriesValue;
pub use self::values::ShareValue;
pub use self::values::StoreValue;
pub use self::values::Unfit;

pub use std::boxed::Box;

pub use crate::backoff::Backoff;
pub use crate::backoff::Jitter;
pub use crate::call::Attempted;
pub use crate::call::Call;
pub use crate::call::Can;
pub use crate::call::Cannot;
pub use crate::call::Chosen;
pub use crate::call::Keep;
pub use crate::call::Kept;
pub use crate::call::Lost;
pub use crate::call::ReadOutcome;
pub use crate::call::Refuse;
pub use crate::call::Refusing;
pub use crate::call::RunningAttempt;
pub use crate::context::ResetUnit;
pub use crate::retry_on::RetryOn;
#[cfg(feature = "http")]
pub use crate::signal::HttpAnswer;
pub use crate::signal::Known;
pub use crate::signal::Reading;
pub use crate::signal::Refusable;
pub use crate::store::OnStoreError;
