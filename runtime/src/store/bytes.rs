//! States as bytes, for stores that keep values and have no script of their own.

use core::fmt;

use super::MAX_LIMITS;
use super::State;
use super::StoreError;
use super::Ticks;

/// First byte: the version of what follows.
const VERSION: u8 = 1;

/// Numbers after the version, eight bytes each.
const NUMBERS: usize = 5 + MAX_LIMITS;

const LENGTH: usize = 1 + 8 * NUMBERS;

impl State {
    /// Returns the state as bytes, which [`from_bytes`](Self::from_bytes) reads: for a store that keeps values, such
    /// as a key-value service.
    ///
    /// The first byte is the version, 1. Then come, as unsigned 64-bit integers with the lowest byte first, the four
    /// instants of [`full_at`](Self::full_at), [`paused_until`](Self::paused_until),
    /// [`generation`](Self::generation), [`learnt_interval`](Self::learnt_interval),
    /// [`learnt_until`](Self::learnt_until) and [`seen`](Self::seen): 73 bytes. A later version of this crate may
    /// write another version, of another length.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{State, Ticks};
    ///
    /// let mut state = State::default();
    /// state.paused_until = Ticks::new(0x0102);
    /// let bytes = state.to_bytes();
    /// assert_eq!((bytes.len(), bytes[0]), (73, 1));
    /// assert_eq!(bytes[33..41], [2, 1, 0, 0, 0, 0, 0, 0]);
    /// assert_eq!(State::from_bytes(&bytes), Ok(state));
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let [first, second, third, fourth] = self.full_at.map(Ticks::get);
        let numbers: [u64; NUMBERS] = [
            first,
            second,
            third,
            fourth,
            self.paused_until.get(),
            self.generation,
            self.learnt_interval.get(),
            self.learnt_until.get(),
            self.seen.get(),
        ];
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes
    }

    /// Reads the bytes that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// Numbers out of range are not an error: [`step`](super::step) moves them into their range.
    ///
    /// # Errors
    ///
    /// [`StateError::is_newer`] holds where the first byte is a version above 1: a newer version of this crate wrote the
    /// bytes, and they must be left as they are. Any other error is for bytes of another length or version: they are
    /// damaged, or no state.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::State;
    ///
    /// let bytes = State::default().to_bytes();
    /// assert_eq!(State::from_bytes(&bytes), Ok(State::default()));
    /// assert!(!State::from_bytes(&bytes[1..]).unwrap_err().is_newer());
    /// assert!(State::from_bytes(&[2, 0, 0]).unwrap_err().is_newer());
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let numbers = match bytes {
            [VERSION, numbers @ ..] if bytes.len() == LENGTH => numbers,
            [version, ..] if *version > VERSION => return Err(StateError::newer(*version)),
            _ => return Err(StateError::damaged()),
        };
        let mut numbers = numbers.chunks_exact(8).map(|bytes| {
            let mut number = [0; 8];
            number.copy_from_slice(bytes);
            u64::from_le_bytes(number)
        });
        let mut next = || numbers.next().unwrap_or(0);
        let full_at = [(); MAX_LIMITS].map(|()| Ticks::new(next()));
        Ok(Self {
            full_at,
            paused_until: Ticks::new(next()),
            generation: next(),
            learnt_interval: Ticks::new(next()),
            learnt_until: Ticks::new(next()),
            seen: Ticks::new(next()),
        })
    }
}

/// Error of bytes that are no [`State`].
///
/// As a [`StoreError`] it is [rejected](StoreError::is_rejected): another try does not help.
///
/// # Examples
///
/// ```
/// use paced::store::{State, StoreError};
///
/// let error = State::from_bytes(b"something else").unwrap_err();
/// assert_eq!(error.to_string(), "the bytes of a state have version 115, which a newer version of `paced` wrote");
/// assert!(StoreError::from(error).is_rejected());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError {
    /// Version of the bytes, if it is a newer one.
    newer: Option<u8>,
}

impl StateError {
    const fn newer(version: u8) -> Self {
        Self {
            newer: Some(version),
        }
    }

    const fn damaged() -> Self {
        Self { newer: None }
    }

    /// Returns whether a newer version of this crate wrote the bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::State;
    ///
    /// assert!(State::from_bytes(&[2]).unwrap_err().is_newer());
    /// assert!(!State::from_bytes(&[]).unwrap_err().is_newer());
    /// ```
    pub const fn is_newer(&self) -> bool {
        self.newer.is_some()
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.newer {
            Some(version) => write!(
                f,
                "the bytes of a state have version {version}, which a newer version of `paced` wrote"
            ),
            None => f.write_str("the bytes of a state are damaged, or are something else"),
        }
    }
}

impl core::error::Error for StateError {}

impl From<StateError> for StoreError {
    fn from(error: StateError) -> Self {
        Self::rejected(error.to_string())
    }
}
