//! What a limiter learns from its server beyond what was declared, as a function of values.
//!
//! Two things are learnt. A *pace* spreads what is left of a window over the time to its reset, and
//! ages out there. A *share* of the declared rate is what the server turns out to let through. Both
//! only ever tighten.

mod evidence;
mod rate_factor;
mod spoken;
mod window;
mod windows;

use crate::bucket::Shape;

pub(crate) use self::evidence::AttemptRecord;
use self::evidence::Evidence;
use self::rate_factor::RateFactor;
pub(crate) use self::windows::Assessment;
pub(crate) use self::windows::DeclaredBucket;
pub(crate) use self::windows::Observation;
use self::windows::TrackedWindows;

/// What a limiter has learnt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Learnt {
    share: RateFactor,
    windows: TrackedWindows,
    evidence: Evidence,
}

impl Learnt {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self {
        share: RateFactor::WHOLE,
        windows: TrackedWindows::UNKNOWN,
        evidence: Evidence::NONE,
    };

    /// Whether what was declared holds as it is, and nobody wants to know how it goes.
    pub(crate) fn is_nothing(&self) -> bool {
        self.share.is_settled() && self.windows.pace().is_none() && self.evidence.is_none()
    }

    /// The declared bucket as far as the server lets it be used for now.
    pub(crate) fn tighten(&self, declared: Shape) -> Shape {
        let shared = self.share_of(declared);
        match self.windows.pace() {
            // Nothing is saved up of what is left.
            Some(pace) if pace.interval > shared.interval => Shape {
                interval: pace.interval,
                capacity: pace.interval,
            },
            _ => shared,
        }
    }

    /// The part of the declared rate that the server turned out to let through.
    pub(crate) const fn share(&self) -> f64 {
        self.share.value()
    }

    /// The part of the declared bucket that the server turned out to let through.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an interval is below 2^52 ns, and a share at least a thousandth"
    )]
    pub(crate) fn share_of(&self, declared: Shape) -> Shape {
        let interval = (declared.interval as f64 / self.share.value()).ceil() as u64;
        let interval = interval.max(declared.interval);
        Shape {
            interval,
            capacity: declared.capacity.max(interval),
        }
    }

    /// Forgets what has aged out; whether there was something.
    pub(crate) fn age(&mut self, now: u64) -> bool {
        self.windows.age(now)
    }

    /// When something ages out next.
    pub(crate) fn ages_at(&self) -> Option<u64> {
        self.windows.pace().map(|pace| pace.until)
    }

    /// Nanoseconds from one call to the next that a server's hints ask for, and until when.
    pub(crate) fn pace(&self) -> Option<(u64, u64)> {
        self.windows.pace().map(|pace| (pace.interval, pace.until))
    }

    /// The bucket was full, and is used again since `sent`: what passes from now on is counted.
    pub(crate) fn begin(&mut self, sent: u64) {
        self.share.begin(sent);
    }

    /// Takes note of attempts that passed while there was nothing to learn from them.
    pub(crate) fn passed_before(&mut self, count: u64, now: u64) {
        self.evidence.passed_before(count, now);
    }

    /// Takes note of an attempt that was refused, for [`binds_all`](Self::binds_all).
    pub(crate) fn count_refusal(&mut self, retry: bool, now: u64) {
        self.evidence.refused(retry, now);
    }

    /// Whether a refusal holds for all calls of the limiter, or for its own call alone.
    pub(crate) fn binds_all(&self, attempt: AttemptRecord, now: u64) -> bool {
        self.evidence.binds_all(attempt, now)
    }

    /// A call that was sent at `sent` was refused. Whether that is news.
    pub(crate) fn refused(&mut self, sent: u64, now: u64) -> bool {
        let news = self.share.refused(sent, now);
        if news {
            self.windows.doubt();
        }
        news
    }

    /// Refusals since the last call that was let through, this one included.
    pub(crate) const fn strikes(&self) -> u32 {
        self.share.strikes()
    }

    /// Nanoseconds since the first of these refusals.
    pub(crate) const fn stopped_for(&self, now: u64) -> u64 {
        self.share.stopped_for(now)
    }

    /// After a refusal that was news: calls are sent again at `resumes`. `told`: because the server
    /// said so itself.
    pub(crate) fn cut(&mut self, resumes: u64, told: bool, declared: Shape) {
        self.share.cut(resumes, told, declared);
    }

    /// An attempt that was sent at `sent` was let through.
    pub(crate) fn passed(&mut self, sent: u64, retry: bool, now: u64) {
        self.share.passed(sent, now);
        self.evidence.passed(sent, retry, now);
    }

    /// The server told what is left. `own` is the declared bucket, where it is known.
    pub(crate) fn hear(
        &mut self,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
    ) -> Assessment {
        let own = own.filter(|_| self.share.is_unrefuted());
        self.windows.hear(heard, own)
    }

    /// The server told what is left when it refused, which is why it is not asked when to come back.
    pub(crate) fn hear_refusal(&mut self, heard: &Observation<'_>) {
        self.windows.hear(heard, None);
    }

    /// The instant of the next token, if what was told is about a bucket that refills bit by bit.
    pub(crate) fn refills_at(&self, heard: &Observation<'_>) -> Option<u64> {
        self.windows.refills_at(heard)
    }
}

#[cfg(test)]
mod tests;
