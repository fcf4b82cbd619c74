//! Session: the work of a file's thread, from opening the file to closing it.

use std::fs;
use std::io::ErrorKind::NotFound;

use crate::clock;
use crate::store::Listing;
use crate::store::Ticks;

use super::busy;
use super::checkpoint::Checkpoint;
use super::database::Database;
use super::error::SqliteFailure;
use super::inbox::Inbox;
use super::jobs::Done;
use super::jobs::Job;
use super::table::Table;

/// Opens the file and serves these requests and all that follow, until the file has to be opened anew.
///
/// Returns the requests that must be retried on the reopened file, or the next batch; `None` ends the thread.
pub(super) fn serve(inbox: &Inbox, mut jobs: Vec<Job>) -> Option<Vec<Job>> {
    busy::begin();
    answer_without_file(inbox, &mut jobs);
    if jobs.is_empty() {
        return inbox.take();
    }
    let database = match Database::open(&inbox.path) {
        Ok(database) => database,
        Err(failure) => {
            refuse(inbox, jobs, &failure);
            return inbox.take();
        }
    };
    match session(inbox, &database, &mut jobs) {
        Ok(next) => next,
        Err(failure) => {
            if failure.is_rejected() {
                // Whatever is wrong with the file, closing it must not make it worse.
                drop(database.keep_as_it_is(true));
            }
            drop(database);
            refuse(inbox, jobs, &failure);
            inbox.take()
        }
    }
}

/// Serves requests for as long as that works. The last ones stay in `jobs` if they failed.
fn session(
    inbox: &Inbox,
    database: &Database,
    jobs: &mut Vec<Job>,
) -> Result<Option<Vec<Job>>, SqliteFailure> {
    let mut session = Session {
        inbox,
        database,
        table: Table::new(database.connection())?,
        checkpoint: Checkpoint::default(),
        done: false,
    };
    loop {
        busy::begin();
        // Requests whose callers have left are dropped.
        jobs.retain(|job| !job.is_closed());
        if !jobs.is_empty() {
            session.work_on(jobs)?;
        }
        if !jobs.is_empty() {
            return Ok(Some(std::mem::take(jobs)));
        }
        match inbox.take() {
            Some(next) => *jobs = next,
            None => return Ok(None),
        }
    }
}

/// Session, from opening the file to closing it.
struct Session<'a> {
    inbox: &'a Inbox,
    database: &'a Database,
    table: Table<'a>,
    checkpoint: Checkpoint,
    /// A request was served.
    done: bool,
}

impl Session<'_> {
    /// Serves these requests. Those that are left belong to another file, which has taken this one's place.
    fn work_on(&mut self, jobs: &mut Vec<Job>) -> Result<(), SqliteFailure> {
        if !self.database.is_in_place() {
            return self.moved();
        }
        match self.table.apply(jobs) {
            Ok(answers) => {
                self.done = true;
                let mut ended = None;
                for (job, answer) in jobs.drain(..).zip(answers) {
                    let failure = answer.failure().filter(|failure| failure.ends_session());
                    ended = ended.or_else(|| failure.cloned());
                    job.answer(answer, &self.inbox.path);
                }
                if let Some(failure) = ended {
                    return Err(failure);
                }
            }
            Err(failure) if failure.ends_session() => {
                return if self.database.is_in_place() {
                    Err(failure)
                } else {
                    self.moved()
                };
            }
            Err(failure) => {
                if matches!(failure, SqliteFailure::Full) {
                    self.checkpoint.hurry(self.database.file());
                }
                refuse(self.inbox, std::mem::take(jobs), &failure);
            }
        }
        match self.table.tidy() {
            Err(failure) if failure.ends_session() => return Err(failure),
            // Next time.
            _ => {}
        }
        self.checkpoint
            .count(self.table.written(), self.database.file());
        Ok(())
    }

    /// Fails if the file is gone again before a request was served, lest this go on for ever.
    fn moved(&self) -> Result<(), SqliteFailure> {
        if self.done {
            Ok(())
        } else {
            Err(SqliteFailure::Away("is being replaced".to_owned()))
        }
    }
}

fn refuse(inbox: &Inbox, jobs: Vec<Job>, failure: &SqliteFailure) {
    let error = failure.error(&inbox.path);
    for job in jobs {
        job.refuse(error.clone());
    }
}

/// Answers listings of a missing file, which is not created for them.
fn answer_without_file(inbox: &Inbox, jobs: &mut Vec<Job>) {
    let only_looks = jobs.iter().all(|job| matches!(job, Job::List { .. }));
    if only_looks && fs::metadata(&inbox.path).is_err_and(|error| error.kind() == NotFound) {
        for job in jobs.drain(..) {
            let now = Ticks::from_span(clock::since_1970());
            let nothing = Listing::new(now, Vec::new(), None);
            job.answer(Done::List(Ok(nothing)), &inbox.path);
        }
    }
}
