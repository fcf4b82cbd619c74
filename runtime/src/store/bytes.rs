//! States as bytes, for stores that keep values and have no script of their own.
//!
//! After the version come parts: a tag, the number of a limit, the length in two bytes, and the contents. Numbers have
//! eight bytes, the lowest first; zeros at the end of a part are left out, and so are empty parts.

use super::BudgetState;
use super::Headroom;
use super::Lease;
use super::PauseKind;
use super::RowState;
use super::SentRun;
use super::State;
use super::StateError;
use super::Ticks;
use super::headroom::MAX_HEADROOM;

/// First byte: the version of what follows.
const VERSION: u8 = 2;

/// Version whose states are still read: nine numbers.
const FIRST_VERSION: u8 = 1;

const LENGTH_OF_FIRST: usize = 1 + 8 * 9;

/// Tags of the parts.
const LIMITER: u8 = 1;
const ROW: u8 = 2;
const LEASES: u8 = 3;
const RUNS: u8 = 4;
const HEADROOM: u8 = 5;

/// Bytes of a part before its contents.
const HEADER: usize = 4;

impl State {
    /// Returns the state as bytes, which [`from_bytes`](Self::from_bytes) reads: for a store that keeps values, such
    /// as a key-value service.
    ///
    /// The first byte is the version, 2. A state that means nothing has no other; each limit in use adds some 30 to 60
    /// bytes. Parts that a newer version of this crate has added, and that were read with the state, are written as they
    /// were. A later version may also write another version, which this one refuses.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{State, Ticks};
    ///
    /// let mut state = State::default();
    /// assert_eq!(state.to_bytes(), [2]);
    /// state.rows[0].full_at = Ticks::new(0x0102);
    /// // The second part of one limit, the first, and eight bytes.
    /// assert_eq!(state.to_bytes(), [2, 2, 0, 8, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
    /// assert_eq!(State::from_bytes(&state.to_bytes()), Ok(state));
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        write_numbers(&mut bytes, LIMITER, 0, &self.numbers());
        for (number, row) in (0..).zip(&self.rows) {
            write_numbers(&mut bytes, ROW, number, &row.numbers());
            write_part(&mut bytes, RUNS, number, &runs_to_bytes(&row.runs));
            let headroom = row.headroom.map(|it| [it.at.get(), it.room.get()]);
            write_numbers(&mut bytes, HEADROOM, number, headroom.as_flattened());
        }
        write_part(&mut bytes, LEASES, 0, &leases_to_bytes(&self.leases));
        bytes.extend(&self.unknown);
        bytes
    }

    /// Reads the bytes that [`to_bytes`](Self::to_bytes) wrote, of this version or the first one.
    ///
    /// Numbers out of range are not an error: [`step`](super::step) moves them into their range.
    ///
    /// # Errors
    ///
    /// [`StateError::is_newer`] holds where the first byte is a version above 2: a newer version of this crate wrote the
    /// bytes, and they must be left as they are. Any other error is for bytes that are cut short or of no version: they are
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
    /// assert!(State::from_bytes(&[3, 0, 0]).unwrap_err().is_newer());
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        match bytes {
            [VERSION, parts @ ..] => Self::from_parts(parts).ok_or(StateError::damaged()),
            [FIRST_VERSION, numbers @ ..] if bytes.len() == LENGTH_OF_FIRST => {
                Ok(Self::of_first_version(numbers_of(numbers)))
            }
            [version, ..] if *version > VERSION => Err(StateError::newer(*version)),
            _ => Err(StateError::damaged()),
        }
    }

    fn from_parts(mut parts: &[u8]) -> Option<Self> {
        let mut state = Self::default();
        while let Some((header, rest)) = parts.split_first_chunk::<HEADER>() {
            let [tag, number, low, high] = *header;
            let length = usize::from(u16::from_le_bytes([low, high]));
            let contents = rest.get(..length)?;
            let row = state.rows.get_mut(usize::from(number));
            match (tag, row) {
                (LIMITER, _) => state.set_numbers(&numbers_of(contents)),
                (LEASES, _) => state.leases = leases_of(contents),
                (ROW, Some(row)) => row.set_numbers(&numbers_of(contents)),
                (HEADROOM, Some(row)) => row.headroom = headroom_of(contents),
                (RUNS, Some(row)) => row.runs = runs_of(contents),
                _ => state.unknown.extend(&parts[..HEADER + length]),
            }
            parts = &rest[length..];
        }
        parts.is_empty().then_some(state)
    }

    /// Returns the state that the first version kept as these numbers: four instants of full buckets, of which the last
    /// was the end of a lifted pause where there were fewer than four limits, and five others.
    pub(super) fn of_first_version(numbers: [u64; 9]) -> Self {
        let [
            first,
            second,
            third,
            fourth,
            paused,
            generation,
            interval,
            learnt,
            seen,
        ] = numbers;
        let mut state = Self::default();
        let full_at = [first, second, third, fourth].map(Ticks::new);
        for (row, instant) in state.rows.iter_mut().zip(full_at) {
            row.full_at = instant;
        }
        state.rows[0].learnt_interval = Ticks::new(interval);
        state.rows[0].learnt_until = Ticks::new(learnt);
        state.paused_until = Ticks::new(paused);
        state.lifted_until = Ticks::new(fourth);
        state.generation = generation;
        state.seen = Ticks::new(seen);
        state
    }

    const fn numbers(&self) -> [u64; 9] {
        [
            self.seen.get(),
            self.generation,
            self.paused_until.get(),
            self.pause_kind as u64,
            self.lifted_until.get(),
            self.kept_until.get(),
            self.override_until.get(),
            self.budget.missing,
            self.budget.at.get(),
        ]
    }

    fn set_numbers(&mut self, numbers: &[u64; 9]) {
        let [
            seen,
            generation,
            paused,
            kind,
            lifted,
            kept,
            overridden,
            missing,
            at,
        ] = *numbers;
        self.seen = Ticks::new(seen);
        self.generation = generation;
        self.paused_until = Ticks::new(paused);
        self.pause_kind = PauseKind::of(kind);
        self.lifted_until = Ticks::new(lifted);
        self.kept_until = Ticks::new(kept);
        self.override_until = Ticks::new(overridden);
        self.budget = BudgetState {
            missing,
            at: Ticks::new(at),
        };
    }
}

impl PauseKind {
    /// Returns the kind that is kept as this number.
    pub(super) const fn of(number: u64) -> Self {
        if number == 1 {
            Self::Refuse
        } else {
            Self::Wait
        }
    }
}

impl RowState {
    const fn numbers(&self) -> [u64; 10] {
        let quota = self.quota;
        [
            self.full_at.get(),
            self.spilt_at.get(),
            quota.interval.get(),
            quota.burst,
            quota.interval_until.get(),
            quota.burst_until.get(),
            self.learnt_interval.get(),
            self.learnt_until.get(),
            self.override_interval.get(),
            self.override_capacity.get(),
        ]
    }

    fn set_numbers(&mut self, numbers: &[u64; 10]) {
        let [
            full_at,
            spilt_at,
            interval,
            burst,
            interval_until,
            burst_until,
            rest @ ..,
        ] = *numbers;
        let [learnt, learnt_until, set, set_capacity] = rest.map(Ticks::new);
        self.full_at = Ticks::new(full_at);
        self.spilt_at = Ticks::new(spilt_at);
        self.quota.interval = Ticks::new(interval);
        self.quota.burst = burst;
        self.quota.interval_until = Ticks::new(interval_until);
        self.quota.burst_until = Ticks::new(burst_until);
        (self.learnt_interval, self.learnt_until) = (learnt, learnt_until);
        (self.override_interval, self.override_capacity) = (set, set_capacity);
    }
}

/// Returns leases as records of 24 bytes: the process, what it holds, how many of its callers wait, and its end.
pub(super) fn leases_to_bytes(leases: &[Lease]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24 * leases.len());
    for lease in leases {
        bytes.extend(lease.process.to_le_bytes());
        bytes.extend(lease.held.to_le_bytes());
        bytes.extend(lease.waiting.to_le_bytes());
        bytes.extend(lease.until.get().to_le_bytes());
    }
    bytes
}

pub(super) fn leases_of(bytes: &[u8]) -> Vec<Lease> {
    let records = bytes.chunks_exact(24).map(|record| {
        let [process, counts, until] = numbers_of(record);
        let low = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
        Lease {
            process,
            held: low(counts),
            waiting: low(counts >> 32),
            until: Ticks::new(until),
        }
    });
    records.collect()
}

/// Reads records of 16 bytes: the instant and the room.
pub(super) fn headroom_of(bytes: &[u8]) -> [Headroom; MAX_HEADROOM] {
    let mut list = [Headroom::default(); MAX_HEADROOM];
    for (headroom, record) in list.iter_mut().zip(bytes.chunks(16)) {
        let [at, room] = numbers_of(record);
        headroom.at = Ticks::new(at);
        headroom.room = Ticks::new(room);
    }
    list
}

/// Returns runs as records of 12 bytes: the instant and the count.
pub(super) fn runs_to_bytes(runs: &[SentRun]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(12 * runs.len());
    for run in runs {
        bytes.extend(run.at.get().to_le_bytes());
        bytes.extend(run.count.to_le_bytes());
    }
    bytes
}

pub(super) fn runs_of(bytes: &[u8]) -> Vec<SentRun> {
    let records = bytes.chunks_exact(12).map(|record| {
        let [at, count] = numbers_of(record);
        SentRun {
            at: Ticks::new(at),
            count: u32::try_from(count).unwrap_or(u32::MAX),
        }
    });
    records.take(super::row_state::MAX_RUNS).collect()
}

fn write_numbers(bytes: &mut Vec<u8>, tag: u8, number: u8, numbers: &[u64]) {
    let used = numbers.iter().rposition(|number| *number != 0);
    let numbers = &numbers[..used.map_or(0, |last| last + 1)];
    let contents: Vec<u8> = numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
    write_part(bytes, tag, number, &contents);
}

fn write_part(bytes: &mut Vec<u8>, tag: u8, number: u8, contents: &[u8]) {
    // The longest are 64 leases.
    let length = u16::try_from(contents.len()).unwrap_or(0);
    if length > 0 {
        bytes.extend([tag, number]);
        bytes.extend(length.to_le_bytes());
        bytes.extend(contents);
    }
}

/// Reads numbers. Those that are missing are 0; a last one may have fewer bytes.
fn numbers_of<const COUNT: usize>(bytes: &[u8]) -> [u64; COUNT] {
    let mut numbers = [0; COUNT];
    for (number, bytes) in numbers.iter_mut().zip(bytes.chunks(8)) {
        let mut whole = [0; 8];
        whole[..bytes.len()].copy_from_slice(bytes);
        *number = u64::from_le_bytes(whole);
    }
    numbers
}
