//! A model provider at work.

use core::time::Duration;

use http::HeaderMap;

use super::counter::Counter;
use super::request::Charge;
use super::request::Measure;
use super::request::Request;
use super::row::Row;
use super::words;
use super::words::Dialect;

/// Parts in which an answer is produced.
const PARTS: u32 = 8;

/// Answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status of the response.
    pub status: u16,
    /// Headers of the response.
    pub headers: HeaderMap,
    /// Body of the response.
    pub body: String,
    /// Time until the response is sent.
    pub takes: Duration,
    /// Name of the row that the request does not fit in.
    pub refused_by: Option<&'static str>,
}

/// Record of a row.
#[derive(Clone, Debug)]
pub struct Usage {
    /// Name of the row.
    pub name: &'static str,
    /// Amount counted in each period since the first charge.
    pub counted: Vec<i64>,
    /// Amount that the row would let through from the first request to the last one that passed.
    pub offered: f64,
    /// Number of requests that did not fit in it.
    pub refused: u32,
}

impl Usage {
    /// Returns the amount that was counted.
    pub fn total(&self) -> i64 {
        self.counted.iter().sum()
    }

    /// Returns the share of what the row offered that requests took.
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    pub fn share(&self) -> f64 {
        self.total() as f64 / self.offered
    }
}

/// Charge that is due later.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Duration,
    row: usize,
    amount: i64,
}

/// A provider at work, as a value: takes the time as an argument, counted from its start.
#[derive(Clone, Debug)]
pub struct Service {
    dialect: Dialect,
    rows: Vec<(Row, Counter, u32)>,
    due: Vec<Due>,
    /// Time of an answer, and of each of its tokens.
    speed: (Duration, Duration),
    /// Factor by which time is faster than the provider's.
    faster: u32,
    /// Start of the service, as a time since 1970, for the dates that it sends.
    started: Duration,
    /// Whether responses have a date.
    is_dated: bool,
    /// Instants of the first request and of the last one that passed.
    first: Option<Duration>,
    last: Duration,
}

impl Service {
    /// Creates a service that has not been used.
    pub fn new(dialect: Dialect, rows: &[Row], speed: (Duration, Duration)) -> Self {
        let rows = rows.iter().map(|row| (*row, Counter::new(row.pace), 0));
        Self {
            dialect,
            rows: rows.collect(),
            due: Vec::new(),
            speed,
            faster: 1,
            // 2026-11-23T12:00:00Z.
            started: Duration::from_secs(1_795_435_200),
            is_dated: true,
            first: None,
            last: Duration::ZERO,
        }
    }

    /// Lets all periods and answers take the `factor`th part of their time, and says times as much more exactly.
    #[must_use]
    pub fn faster(mut self, factor: u32) -> Self {
        self.faster *= factor;
        self.speed = (self.speed.0 / factor, self.speed.1 / factor);
        for (row, counter, _) in &mut self.rows {
            row.pace = row.pace.faster(factor);
            *counter = Counter::new(row.pace);
        }
        self
    }

    /// Sets its start to a time since 1970, and leaves the date out of its responses.
    #[must_use]
    pub const fn started(mut self, since_1970: Duration) -> Self {
        self.started = since_1970;
        self.is_dated = false;
        self
    }

    /// Sets the time at which the rows that count tokens of answers are charged. One that is not charged at the start
    /// counts prompt and answer.
    #[must_use]
    pub fn charging(mut self, charge: Charge) -> Self {
        let varying = |row: &Row| row.measure.is_corrected();
        for (row, ..) in self.rows.iter_mut().filter(|(row, ..)| varying(row)) {
            row.charge = charge;
            if charge != Charge::Start && row.measure == Measure::Larger {
                row.measure = Measure::Total;
            }
        }
        self
    }

    /// Decides on a request at the instant `now`.
    pub fn ask(&mut self, now: Duration, request: &Request) -> Answer {
        self.pass(now);
        self.first.get_or_insert(now);
        let mut refusal: Option<(usize, Duration)> = None;
        for (nth, (row, counter, _)) in self.rows.iter().enumerate() {
            let needs = row.needs(request);
            if row.concerns(request) && !counter.fits(needs) {
                let wait = counter.wait_for(needs);
                if refusal.is_none_or(|(_, longest)| longest < wait) {
                    refusal = Some((nth, wait));
                }
            }
        }
        let takes = match refusal {
            None => self.serve(now, request),
            Some((nth, _)) => {
                self.refuse(nth, request);
                Duration::ZERO
            }
        };
        let refusal = refusal.map(|(nth, wait)| (self.rows[nth].0, wait));
        self.answer(now, request, refusal, takes)
    }

    /// Returns the record of each row, once all requests have ended.
    pub fn usage(&self) -> Vec<Usage> {
        self.usage_until(self.due.iter().map(|due| due.at).max().unwrap_or(self.last))
    }

    /// Returns the record of each row until `now`.
    pub(super) fn usage_until(&self, now: Duration) -> Vec<Usage> {
        let mut ended = self.clone();
        ended.pass(now);
        let gone = self.last.saturating_sub(self.first.unwrap_or(self.last));
        let rows = ended.rows.iter().map(|(row, counter, refused)| Usage {
            name: row.name,
            counted: counter.counted().to_vec(),
            offered: counter.offered(gone),
            refused: *refused,
        });
        rows.collect()
    }

    /// Returns the number of requests that were refused.
    pub fn refused(&self) -> u32 {
        self.rows.iter().map(|(_, _, refused)| refused).sum()
    }

    /// Charges what is due until `now`, each at its instant.
    fn pass(&mut self, now: Duration) {
        self.due.sort_by_key(|due| due.at);
        let are_due = self.due.partition_point(|due| due.at <= now);
        for due in self.due.drain(..are_due) {
            let (_, counter, _) = &mut self.rows[due.row];
            counter.pass(due.at);
            counter.charge(due.amount);
        }
        for (_, counter, _) in &mut self.rows {
            counter.pass(now);
        }
    }

    /// Charges a request that passes, now and later. Returns the time that its answer takes.
    fn serve(&mut self, now: Duration, request: &Request) -> Duration {
        self.last = now;
        let tokens = u32::try_from(request.output).unwrap_or(u32::MAX);
        let takes = self.speed.0 + self.speed.1 * tokens;
        for (nth, (row, counter, _)) in self.rows.iter_mut().enumerate() {
            if !row.concerns(request) {
                continue;
            }
            let bound = signed(row.measure.bound(request));
            let real = signed(row.measure.real(request));
            let mut later = |at, amount| {
                let row = nth;
                self.due.push(Due { at, row, amount });
            };
            match row.charge {
                Charge::Start => counter.charge(bound),
                Charge::Reserve => {
                    counter.charge(bound);
                    later(now + takes, real - bound);
                }
                Charge::Hold => {
                    counter.charge(bound);
                    later(now + takes, -bound);
                }
                Charge::End => later(now + takes, real),
                Charge::Produced => {
                    let mut before = 0;
                    for part in 1..=PARTS {
                        let until = real * i64::from(part) / i64::from(PARTS);
                        later(now + takes * part / PARTS, until - before);
                        before = until;
                    }
                }
            }
        }
        takes
    }

    fn refuse(&mut self, by: usize, request: &Request) {
        self.rows[by].2 += 1;
        for (row, counter, _) in &mut self.rows {
            if row.counts_refused && row.concerns(request) {
                counter.charge_what_is_left(row.measure.bound(request));
            }
        }
    }

    fn answer(
        &self,
        now: Duration,
        request: &Request,
        refusal: Option<(Row, Duration)>,
        takes: Duration,
    ) -> Answer {
        let rows = self.rows.iter();
        let spoken: Vec<_> = rows
            .filter(|(row, ..)| row.is_spoken && row.concerns(request))
            .map(|(row, counter, _)| (*row, counter))
            .collect();
        let said = words::Said {
            request,
            refusal,
            rows: &spoken,
            now: self.started + now,
            // The date of a response is that of its end.
            date: self.is_dated.then_some(self.started + now + takes),
            exact: Duration::from_secs(1) / self.faster,
        };
        let (status, headers, body) = words::say(self.dialect, &said);
        Answer {
            status,
            headers,
            body,
            takes,
            refused_by: refusal.map(|(row, _)| row.name),
        }
    }
}

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}
