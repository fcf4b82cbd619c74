//! The windows that a server's hints describe, and the pace that they ask for.
//!
//! Each window is tracked by its name ([`TrackedWindow`]), so that the meaning of its reset can be inferred. From its
//! state follows an assessment:
//!
//! * Nothing is left: the limiter closes until the reset, or until the next token of a bucket.
//! * Less than a part of the limit is left (`throttle_below`): the rest is spread evenly over the time to the reset.
//! * Otherwise nothing changes.

use core::time::Duration;

use crate::bucket::MAX_CAPACITY;
use crate::hint::Hint;
use crate::time::Instant;
use crate::time::Span;

use super::spoken::Spoken;
use super::spoken::windows;
use super::window::ResetMeaning;
use super::window::Statement;
use super::window::TrackedWindow;

/// Maximum number of windows that are followed. The one without news for longest makes room.
pub(super) const MOST: usize = 8;

/// State of a server's windows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrackedWindows {
    list: Vec<Followed>,
}

/// One window, by its name.
#[derive(Clone, Debug, PartialEq)]
struct Followed {
    name: Box<str>,
    window: TrackedWindow,
    pace: Option<Pace>,
}

/// Rate at which the rest of a window is used up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    /// Time from one call to the next.
    pub(crate) interval: Span,
    /// Instant at which the pace ends.
    pub(crate) until: Instant,
}

/// Consequences of a hint for the limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Assessment {
    /// Instant until which nothing is left of a window, if one is exhausted.
    pub(crate) closed_until: Option<Instant>,
    /// Instant at which an empty bucket gets its next token, if it is empty.
    pub(crate) refills_at: Option<Instant>,
    /// Upper bound of the tokens left, where the hint tells no reset.
    pub(crate) level: Option<f64>,
    /// Whether so little is left that it is spread.
    pub(crate) scarce: bool,
}

impl Assessment {
    pub(crate) const CLEAR: Self = Self {
        closed_until: None,
        refills_at: None,
        level: None,
        scarce: false,
    };

    /// Returns whether the hint asks for no restriction.
    pub(crate) const fn is_clear(&self) -> bool {
        self.closed_until.is_none() && self.refills_at.is_none() && !self.scarce
    }

    /// Records that nothing is left until `until`.
    fn close(&mut self, until: Instant) {
        self.closed_until = self.closed_until.max(Some(until));
    }
}

/// State of the declared bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeclaredBucket {
    /// Capacity, in tokens.
    pub(crate) burst: u32,
    /// Whole tokens in the bucket.
    pub(crate) left: u64,
}

/// Time by which a reset in whole seconds may be rounded up.
const ROUNDING: Span = Span::from_secs(1);

impl DeclaredBucket {
    /// Returns whether the declared bucket predicts the server's statement: the limit is the burst, no more tokens are
    /// left here than there, and the reset is at most one rounded second away.
    ///
    /// The server then probably has the same bucket, which refills token by token. The declared bucket keeps to it
    /// already, and waiting for the reset would cost all tokens of that time. If the guess is wrong, the first refusal
    /// ends it ([`AcceptedShare::is_unrefuted`](super::rate_factor::AcceptedShare::is_unrefuted)).
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(super) fn explains(self, told: &Statement) -> bool {
        (told.limit - f64::from(self.burst)).abs() < 0.5
            && (self.left as f64) < told.remaining + 1.0
            && told.reset <= ROUNDING
    }
}

/// Hint of a response, with the settings by which it is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observation<'a> {
    pub(crate) hint: &'a Hint,
    /// Instant at which the call was sent.
    pub(crate) sent: Instant,
    /// Instant at which its response was received.
    pub(crate) received: Instant,
    /// Part of a limit below which its rest is spread: `throttle_below`.
    pub(crate) below: f64,
    /// Longest time to a reset; a longer one counts as this one: `max_cooldown`.
    pub(crate) longest: Span,
}

impl Observation<'_> {
    /// Returns an instant that the server sent, at most `longest` after the response.
    pub(super) fn believed(&self, instant: Instant) -> Instant {
        instant.min(self.received.after(self.longest))
    }
}

impl TrackedWindows {
    /// No window is known.
    pub(super) const UNKNOWN: Self = Self { list: Vec::new() };

    /// Returns the pace in force: the slowest one of all windows.
    pub(super) fn pace(&self) -> Option<Pace> {
        let paces = self.list.iter().filter_map(|followed| followed.pace);
        paces.max_by_key(|pace| pace.interval)
    }

    /// Removes the paces that have ended. Returns whether the pace in force has changed.
    pub(super) fn age(&mut self, now: Instant) -> bool {
        let before = self.pace();
        for followed in &mut self.list {
            followed.pace.take_if(|pace| pace.until <= now);
        }
        before != self.pace()
    }

    /// Removes all paces, and the windows whose kind is only a guess: a refusal has shown that they were wrong.
    pub(super) fn doubt(&mut self) {
        self.list.retain(|followed| followed.window.is_proven());
        for followed in &mut self.list {
            followed.pace = None;
        }
    }

    /// Records a hint, and returns its consequences. `own` is the declared bucket, where its state is known.
    pub(super) fn hear(
        &mut self,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
    ) -> Assessment {
        self.hear_each(&windows(heard.hint), heard, own)
    }

    /// Records some windows of a hint, and returns their consequences.
    pub(super) fn hear_each(
        &mut self,
        windows: &[Spoken<'_>],
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
    ) -> Assessment {
        let mut assessment = Assessment::CLEAR;
        // With several windows it is not known which of them the declared bucket is about.
        let own = own.filter(|_| windows.len() == 1);
        for spoken in windows {
            self.hear_of(spoken, heard, own, &mut assessment);
        }
        assessment
    }

    /// Returns the instant of the next token after a refusal, if each exhausted window is a proven bucket. `None` if
    /// one of them is not, or none is exhausted.
    pub(super) fn refills_at(&self, heard: &Observation<'_>) -> Option<Instant> {
        let spoken = windows(heard.hint);
        let mut exhausted = spoken
            .iter()
            .filter(|spoken| spoken.remaining.is_some_and(|left| left < 1.0));
        exhausted.try_fold(None, |latest: Option<Instant>, spoken| {
            let known = self.list.iter().find(|known| *known.name == *spoken.name)?;
            let refills = known.window.kind() == ResetMeaning::Refills && known.window.is_proven();
            let next = heard.sent.after(whole(known.window.interval()));
            refills.then(|| latest.max(Some(next)))
        })?
    }

    /// Records one window of a hint.
    fn hear_of(
        &mut self,
        spoken: &Spoken<'_>,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
        assessment: &mut Assessment,
    ) {
        let Some(remaining) = spoken.remaining else {
            return;
        };
        let reset = spoken.reset.map(bounded);
        let close = |assessment: &mut Assessment, reset| {
            assessment.close(heard.believed(heard.received.after(reset)));
        };
        match (reset.filter(|reset| !reset.is_zero()), spoken.limit) {
            // Other units, such as tokens of a language model: how many calls the rest allows is not known, unless
            // nothing is left.
            (Some(reset), _) if !spoken.in_unit && remaining <= 0.0 => close(assessment, reset),
            (Some(_), _) if !spoken.in_unit => {}
            (Some(reset), Some(limit)) if limit >= 1.0 => {
                let told = Statement {
                    limit,
                    remaining,
                    reset,
                    sent: heard.sent,
                    received: heard.received,
                };
                self.follow(spoken.name, &told, heard, own, assessment);
            }
            // Without a limit a window cannot be followed, but an exhausted one closes the limiter.
            (Some(reset), None) if remaining < 1.0 => close(assessment, reset),
            // Without a reset the rest only bounds the tokens in the bucket.
            (None, Some(_)) if spoken.in_unit && spoken.reset.is_none() => {
                let level = assessment
                    .level
                    .map_or(remaining, |level| level.min(remaining));
                assessment.level = Some(level);
            }
            _ => {}
        }
    }

    /// Updates the window of this name, and its pace.
    fn follow(
        &mut self,
        name: &str,
        told: &Statement,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
        assessment: &mut Assessment,
    ) {
        let followed = self.find(name, told);
        if !followed.window.hear(told) {
            return;
        }
        // Each response sets the pace anew, also to none.
        followed.pace = None;
        let window = followed.window;
        if own.is_some_and(|own| own.explains(told)) {
            return;
        }
        let is_little = window.remaining() < told.limit * heard.below;
        match window.kind() {
            ResetMeaning::Refills if is_little => {
                followed.pace = Some(refill(&window, told, heard));
                assessment.scarce = true;
                if window.remaining() < 1.0 {
                    let next = window.sent().after(whole(window.interval()));
                    assessment.refills_at = assessment.refills_at.max(Some(next));
                }
            }
            ResetMeaning::Refills => {}
            ResetMeaning::Unknown | ResetMeaning::Renews if window.remaining() < 1.0 => {
                // The end may have passed since the call was sent. Later calls tell about the next window.
                if window.ends() > heard.received {
                    assessment.close(heard.believed(window.ends()));
                }
            }
            ResetMeaning::Unknown | ResetMeaning::Renews => {
                if let (true, Some(pace)) = (is_little, spread(&window, heard)) {
                    followed.pace = Some(pace);
                    assessment.scarce = true;
                }
            }
        }
    }

    /// Returns the window of this name. A new one is added if there is none, or its limit has changed.
    fn find(&mut self, name: &str, told: &Statement) -> &mut Followed {
        let known = self
            .list
            .iter()
            .position(|followed| *followed.name == *name);
        let at = known.unwrap_or_else(|| {
            if self.list.len() == MOST {
                let oldest = (0..MOST).min_by_key(|&at| self.list[at].window.sent());
                self.list.swap_remove(oldest.unwrap_or_default());
            }
            self.list.push(Followed {
                name: name.into(),
                window: TrackedWindow::new(told),
                pace: None,
            });
            self.list.len() - 1
        });
        let followed = &mut self.list[at];
        if !followed.window.is_of(told.limit) {
            followed.window = TrackedWindow::new(told);
        }
        followed
    }
}

/// Returns the pace that spreads the rest of a window evenly until its end. `None` if the end has passed.
fn spread(window: &TrackedWindow, heard: &Observation<'_>) -> Option<Pace> {
    let until = heard.believed(window.ends());
    let left = until.since(heard.received);
    let interval = (left.to_f64() / window.remaining()).ceil();
    (!left.is_zero()).then_some(Pace {
        interval: whole(interval),
        until,
    })
}

/// Returns the pace of a bucket: one call for each token that comes back, until it is full.
fn refill(window: &TrackedWindow, told: &Statement, heard: &Observation<'_>) -> Pace {
    Pace {
        interval: whole(window.interval().ceil()).min(told.reset),
        until: heard.believed(told.received.after(told.reset)),
    }
}

/// Returns a span of whole nanoseconds, at least one.
pub(super) fn whole(nanos: f64) -> Span {
    Span::from_f64(nanos).max(Span::SHORTEST)
}

/// Returns the length of `duration`, at most 36 years, so that sums of a few instants cannot overflow.
pub(super) fn bounded(duration: Duration) -> Span {
    Span::of(duration).min(MAX_CAPACITY)
}
