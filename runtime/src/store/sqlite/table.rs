//! The states in the file, and requests on them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Statement;
use rusqlite::named_params;

use crate::clock;
use crate::store::ListRequest;
use crate::store::Listing;
use crate::store::State;
use crate::store::StoredLimiter;
use crate::store::Ticks;
use crate::store::step;

use super::busy;
use super::error::SqliteFailure;
use super::jobs::Done;
use super::jobs::Job;

/// Time for which states stay after they have expired: a day, lest a clock that is set right again find them
/// gone.
const GRACE: Ticks = Ticks::from_secs(24 * 3600);

/// Number of states written between two sweeps. Each sweep looks at four times as many.
const SWEEP_EVERY: usize = 64;

/// The file's table, with its statements.
pub(super) struct Table<'a> {
    connection: &'a Connection,
    begin: Statement<'a>,
    commit: Statement<'a>,
    select: Statement<'a>,
    select_first: Statement<'a>,
    replace: Statement<'a>,
    /// States written so far.
    written: usize,
    unswept: usize,
    /// Name from which on the next sweep looks.
    swept: String,
}

struct Cached {
    stored: State,
    state: State,
}

impl<'a> Table<'a> {
    pub(super) fn new(connection: &'a Connection) -> Result<Self, SqliteFailure> {
        Ok(Self {
            connection,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            select: connection.prepare("SELECT state FROM limiter_2 WHERE name = :name")?,
            select_first: connection.prepare(
                "SELECT full_at, full_at_2, full_at_3, full_at_4, paused_until, generation, \
                 learnt_interval, learnt_until, seen FROM limiter WHERE name = :name",
            )?,
            replace: connection.prepare(
                "INSERT OR REPLACE INTO limiter_2 (name, state, expires_at) \
                 VALUES (:name, :state, :expires_at)",
            )?,
            written: 0,
            // The first one at once.
            unswept: SWEEP_EVERY,
            swept: String::new(),
        })
    }

    /// Serves all jobs in one transaction: all of them or none, except that a listing may fail alone.
    pub(super) fn apply(&mut self, jobs: &[Job]) -> Result<Vec<Done>, SqliteFailure> {
        self.begin()?;
        let done = self.step_all(jobs).and_then(|answers| {
            self.commit.execute([])?;
            Ok(answers)
        });
        if done.is_err() {
            self.roll_back();
        }
        done
    }

    /// Returns how many states were written since the last call.
    pub(super) fn written(&mut self) -> usize {
        std::mem::take(&mut self.written)
    }

    /// Deletes expired states, a few at a time. Can wait until callers have their answers.
    pub(super) fn tidy(&mut self) -> Result<(), SqliteFailure> {
        if self.unswept < SWEEP_EVERY {
            return Ok(());
        }
        self.unswept = 0;
        self.begin()?;
        let swept = self.sweep().and_then(|()| Ok(self.commit.execute([])?));
        if swept.is_err() {
            self.roll_back();
        }
        swept.map(|_| ())
    }

    /// Begins a transaction. SQLite does not always wait by itself: not while the file is being recovered.
    fn begin(&mut self) -> Result<(), SqliteFailure> {
        let mut count = 0;
        loop {
            let begun = self.begin.execute([]).map_err(SqliteFailure::from);
            match begun {
                Err(SqliteFailure::Busy) if busy::again(count) => count += 1,
                other => return other.map(|_| ()),
            }
        }
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // If that fails as well, the transaction ends with the connection.
            drop(self.connection.execute_batch("ROLLBACK"));
        }
    }

    fn step_all(&mut self, jobs: &[Job]) -> Result<Vec<Done>, SqliteFailure> {
        let now = Ticks::from_span(clock::since_1970());
        let mut states: HashMap<&str, Cached> = HashMap::new();
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            let (key, request) = match job {
                Job::Step { key, request, .. } => (key, request),
                Job::List { request, .. } => {
                    let listing = list(self.connection, request, now);
                    if self.connection.is_autocommit() {
                        // Some failures end the transaction.
                        return Err(listing.err().unwrap_or(SqliteFailure::Busy));
                    }
                    answers.push(Done::List(listing));
                    continue;
                }
            };
            let cached = match states.entry(key) {
                Entry::Occupied(cached) => cached.into_mut(),
                Entry::Vacant(place) => {
                    let state = match read(&mut self.select, key)? {
                        Some(state) => state,
                        None => read_first(&mut self.select_first, key)?,
                    };
                    place.insert(Cached {
                        stored: state.clone(),
                        state,
                    })
                }
            };
            answers.push(Done::Step(step(&mut cached.state, now, request)));
        }
        for (name, cached) in &states {
            if cached.state != cached.stored {
                self.write(name, &cached.state)?;
            }
        }
        Ok(answers)
    }

    fn write(&mut self, name: &str, state: &State) -> Result<(), SqliteFailure> {
        self.replace.execute(named_params! {
            ":name": name,
            ":state": state.to_bytes(),
            ":expires_at": i64::try_from(state.expires_at().get()).unwrap_or(i64::MAX),
        })?;
        self.written += 1;
        self.unswept += 1;
        Ok(())
    }

    /// Deletes the expired states among the next names. Every state is looked at sooner or later, and more of
    /// them than are added.
    fn sweep(&mut self) -> Result<(), SqliteFailure> {
        let last: Option<String> = self.connection.query_row(
            "SELECT max(name) FROM \
             (SELECT name FROM limiter_2 WHERE name >= :from ORDER BY name LIMIT 4 * :every)",
            named_params! { ":from": self.swept, ":every": i64::try_from(SWEEP_EVERY).unwrap_or(1) },
            |row| row.get(0),
        )?;
        let before = Ticks::from_span(clock::since_1970()) - GRACE;
        let Some(last) = last else {
            self.swept.clear();
            return Ok(());
        };
        // Names that the first version left. Processes of it that still run add none.
        self.connection.execute(
            "DELETE FROM limiter WHERE expires_at < :before",
            named_params! { ":before": signed(before) },
        )?;
        self.connection.execute(
            "DELETE FROM limiter_2 WHERE name BETWEEN :from AND :last AND expires_at < :before",
            named_params! { ":from": self.swept, ":last": last, ":before": signed(before) },
        )?;
        self.swept = if last == self.swept {
            String::new()
        } else {
            last
        };
        Ok(())
    }
}

fn read(select: &mut Statement<'_>, name: &str) -> Result<Option<State>, SqliteFailure> {
    let found = select.query_row(named_params! { ":name": name }, |row| row.get(0));
    let bytes: Option<Vec<u8>> = found.optional()?;
    bytes.map(|bytes| state_of(&bytes)).transpose()
}

/// Reads what the first version kept, where this one has nothing yet.
fn read_first(select: &mut Statement<'_>, name: &str) -> Result<State, SqliteFailure> {
    let found = select.query_row(named_params! { ":name": name }, |row| {
        let mut numbers = [0; 9];
        for (at, number) in numbers.iter_mut().enumerate() {
            *number = same_bits(row.get(at)?);
        }
        Ok(State::of_first_version(numbers))
    });
    Ok(found.optional()?.unwrap_or_default())
}

fn state_of(bytes: &[u8]) -> Result<State, SqliteFailure> {
    State::from_bytes(bytes).map_err(|error| {
        if error.is_newer() {
            let update = "update this program, or give it another path";
            SqliteFailure::Rejected(format!("has a state of a newer version of paced: {update}"))
        } else {
            SqliteFailure::damaged()
        }
    })
}

/// Returns a page of the table, as it is before the later requests of the same transaction.
fn list(
    connection: &Connection,
    request: &ListRequest,
    now: Ticks,
) -> Result<Listing, SqliteFailure> {
    let mut select = connection
        .prepare("SELECT name, state FROM limiter_2 WHERE name >= :from ORDER BY name")?;
    let last = request.cursor.as_deref();
    let from = last.map_or(&*request.prefix, |last| last.max(&*request.prefix));
    let mut rows = select.query(named_params! { ":from": from })?;
    let mut limiters = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if !name.starts_with(&*request.prefix) {
            break;
        }
        if last == Some(&*name) {
            continue;
        }
        if limiters.len() >= request.limit.max(1) {
            return Ok(Listing::page(now, limiters, false, request));
        }
        let bytes: Vec<u8> = row.get(1)?;
        let state = state_of(&bytes)?;
        limiters.push(StoredLimiter::new(name, state));
    }
    Ok(Listing::page(now, limiters, true, request))
}

/// Converts to SQLite's signed integers. The same bits: no value is lost.
const fn signed(ticks: Ticks) -> i64 {
    i64::from_ne_bytes(ticks.get().to_ne_bytes())
}

const fn same_bits(value: i64) -> u64 {
    u64::from_ne_bytes(value.to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::schema;

    #[test]
    fn every_state_comes_back_as_it_was() {
        let folder = std::env::temp_dir().join(format!("paced-table-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder");
        let mut file = Connection::open(folder.join("file")).expect("a file");
        schema::prepare(&mut file).expect("a new file");
        let mut table = Table::new(&file).expect("its table");
        let values = [0, 1, 1 << 52, 1 << 63, u64::MAX];
        for (first, second) in values.iter().flat_map(|a| values.map(|b| (*a, b))) {
            let mut state = State::default();
            state.rows[0].full_at = Ticks::new(first);
            state.rows[7].spilt_at = Ticks::new(second);
            state.paused_until = Ticks::new(!second);
            state.generation = first;
            state.seen = Ticks::new(first);
            table.write("key", &state).expect("a state");
            let found = read(&mut table.select, "key").expect("a state");
            assert_eq!(found, Some(state));
            let other = read(&mut table.select, "Key").expect("an answer");
            assert_eq!(other, None);
        }
        let insert = "INSERT INTO limiter VALUES ('old', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)";
        file.execute(insert, []).expect("a state");
        let old = read_first(&mut table.select_first, "old").expect("a state");
        assert_eq!(old, State::of_first_version([1, 2, 3, 4, 5, 6, 7, 8, 9]));
        let none = read_first(&mut table.select_first, "key").expect("an answer");
        assert_eq!(none, State::default());
        drop(table);
        drop(file);
        std::fs::remove_dir_all(folder).expect("our folder");
    }
}
