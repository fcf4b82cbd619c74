//! What hints tell of a server's windows: how much is left until when.

use core::time::Duration;

use crate::hint::Hint;

use super::spoken::Spoken;
use super::spoken::windows;
use super::window::Kind;
use super::window::Told;
use super::window::TrackedWindow;

/// TrackedWindows that are followed at the same time, each by its name.
const MOST: usize = 8;

/// What is known of a server's windows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrackedWindows {
    list: Vec<Followed>,
}

#[derive(Clone, Debug, PartialEq)]
struct Followed {
    name: Box<str>,
    window: TrackedWindow,
    pace: Option<Pace>,
}

/// What is left of a window, spread until its reset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    pub(super) interval: u64,
    pub(super) until: u64,
}

/// What a hint asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Assessment {
    /// Nothing is left until this instant; 0 where there is something.
    pub(crate) closed_until: u64,
    /// Nothing is left, and the next token comes at this instant; 0 where there is something.
    pub(crate) refills_at: u64,
    /// No more than this is left, of a limit whose reset is not told.
    pub(crate) level: Option<f64>,
    /// So little is left that it is spread.
    pub(crate) scarce: bool,
}

impl Assessment {
    const CLEAR: Self = Self {
        closed_until: 0,
        refills_at: 0,
        level: None,
        scarce: false,
    };

    /// Whether nothing speaks against using what there is.
    pub(crate) const fn is_clear(&self) -> bool {
        self.closed_until == 0 && self.refills_at == 0 && !self.scarce
    }
}

/// The bucket that was declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeclaredBucket {
    pub(crate) burst: u32,
    /// Whole tokens in it.
    pub(crate) left: u64,
}

/// By how much a reset may be late that is told in whole seconds.
const ROUNDING: u64 = 1_000_000_000;

impl DeclaredBucket {
    /// Whether what a server says is what this bucket says itself: the server's limit is this burst,
    /// as little is left here, and the reset is within the second that a bucket's next token can
    /// be told in. Then the server may give back bit by bit, as this bucket does, and to wait until its
    /// reset would cost the whole bucket. If it does not, its first refusal ends this.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn explains(self, told: &Told) -> bool {
        (told.limit - f64::from(self.burst)).abs() < 0.5
            && (self.left as f64) < told.remaining + 1.0
            && told.reset <= ROUNDING
    }
}

/// What is heard, and how it is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observation<'a> {
    pub(crate) hint: &'a Hint,
    /// When the call was sent.
    pub(crate) sent: u64,
    /// When its response was received.
    pub(crate) received: u64,
    /// The share of a limit that counts as little.
    pub(crate) below: f64,
    /// Nothing is believed for more nanoseconds.
    pub(crate) longest: u64,
}

impl Observation<'_> {
    /// An instant that the server told, as far as it is believed.
    fn believed(&self, instant: u64) -> u64 {
        instant.min(self.received.saturating_add(self.longest))
    }
}

impl TrackedWindows {
    pub(super) const UNKNOWN: Self = Self { list: Vec::new() };

    /// The slowest pace that any window asks for.
    pub(super) fn pace(&self) -> Option<Pace> {
        let paces = self.list.iter().filter_map(|followed| followed.pace);
        paces.max_by_key(|pace| pace.interval)
    }

    /// Forgets the paces that have ended; whether the one in force has.
    pub(super) fn age(&mut self, now: u64) -> bool {
        let before = self.pace();
        for followed in &mut self.list {
            followed.pace.take_if(|pace| pace.until <= now);
        }
        before != self.pace()
    }

    /// Forgets all paces, and what was only assumed: a refusal has shown that it was no good.
    pub(super) fn doubt(&mut self) {
        self.list.retain(|followed| followed.window.is_proven());
        for followed in &mut self.list {
            followed.pace = None;
        }
    }

    /// Takes note of what a response told.
    pub(super) fn hear(
        &mut self,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
    ) -> Assessment {
        let mut outlook = Assessment::CLEAR;
        let windows = windows(heard.hint);
        let own = own.filter(|_| windows.len() == 1);
        for spoken in &windows {
            self.hear_of(spoken, heard, own, &mut outlook);
        }
        outlook
    }

    /// The instant of the next token after a refusal, if all that it tells of is used up refills bit by bit.
    pub(super) fn refills_at(&self, heard: &Observation<'_>) -> Option<u64> {
        let spoken = windows(heard.hint);
        let mut exhausted = spoken
            .iter()
            .filter(|spoken| spoken.remaining.is_some_and(|left| left < 1.0));
        exhausted.try_fold(None, |latest: Option<u64>, spoken| {
            let known = self.list.iter().find(|known| *known.name == *spoken.name)?;
            let refills = known.window.kind() == Kind::Refills && known.window.is_proven();
            let next = heard.sent.saturating_add(whole(known.window.interval()));
            refills.then(|| Some(latest.map_or(next, |latest| latest.max(next))))
        })?
    }

    fn hear_of(
        &mut self,
        spoken: &Spoken<'_>,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
        outlook: &mut Assessment,
    ) {
        let Some(remaining) = spoken.remaining else {
            return;
        };
        let reset = spoken.reset.map(nanos);
        let close = |outlook: &mut Assessment, reset: u64| {
            let until = heard.believed(heard.received.saturating_add(reset));
            outlook.closed_until = outlook.closed_until.max(until);
        };
        match (reset.filter(|&reset| reset > 0), spoken.limit) {
            // Calls cannot be divided among tokens, but without any there is no call.
            (Some(reset), _) if !spoken.is_requests && remaining <= 0.0 => close(outlook, reset),
            (Some(_), _) if !spoken.is_requests => {}
            (Some(reset), Some(limit)) if limit >= 1.0 => {
                let told = Told {
                    limit,
                    remaining,
                    reset,
                    sent: heard.sent,
                    received: heard.received,
                };
                self.follow(spoken.name, &told, heard, own, outlook);
            }
            (Some(reset), None) if remaining < 1.0 => close(outlook, reset),
            (None, Some(_)) if spoken.is_requests && spoken.reset.is_none() => {
                let level = outlook
                    .level
                    .map_or(remaining, |level| level.min(remaining));
                outlook.level = Some(level);
            }
            _ => {}
        }
    }

    /// Follows the window of this name.
    fn follow(
        &mut self,
        name: &str,
        told: &Told,
        heard: &Observation<'_>,
        own: Option<DeclaredBucket>,
        outlook: &mut Assessment,
    ) {
        let followed = self.find(name, told);
        if !followed.window.hear(told) {
            return;
        }
        followed.pace = None;
        let window = followed.window;
        if own.is_some_and(|own| own.explains(told)) {
            return;
        }
        let is_little = window.remaining() < told.limit * heard.below;
        match window.kind() {
            Kind::Refills if is_little => {
                followed.pace = Some(refill(&window, told, heard));
                outlook.scarce = true;
                if window.remaining() < 1.0 {
                    let next = window.sent().saturating_add(whole(window.interval()));
                    outlook.refills_at = outlook.refills_at.max(next);
                }
            }
            Kind::Refills => {}
            Kind::Unknown | Kind::Renews if window.remaining() < 1.0 => {
                // One that has passed meanwhile is judged by the calls that are sent after it.
                if window.ends() > heard.received {
                    let until = heard.believed(window.ends());
                    outlook.closed_until = outlook.closed_until.max(until);
                }
            }
            Kind::Unknown | Kind::Renews => {
                if let (true, Some(pace)) = (is_little, spread(&window, heard)) {
                    followed.pace = Some(pace);
                    outlook.scarce = true;
                }
            }
        }
    }

    /// The window of this name, a new one if there is none.
    fn find(&mut self, name: &str, told: &Told) -> &mut Followed {
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

/// What is left of a window, spread until its end.
fn spread(window: &TrackedWindow, heard: &Observation<'_>) -> Option<Pace> {
    let until = heard.believed(window.ends());
    let left = until.checked_sub(heard.received);
    let left = left.filter(|&left| left > 0)?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 ns")]
    let interval = (left as f64 / window.remaining()).ceil();
    Some(Pace {
        interval: whole(interval),
        until,
    })
}

/// Of a bucket: what was used comes back one by one until it is full.
fn refill(window: &TrackedWindow, told: &Told, heard: &Observation<'_>) -> Pace {
    Pace {
        interval: whole(window.interval().ceil()).min(told.reset),
        until: heard.believed(told.received.saturating_add(told.reset)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that is too large saturates"
)]
const fn whole(nanos: f64) -> u64 {
    let nanos = nanos as u64;
    if nanos == 0 { 1 } else { nanos }
}

/// At most 36 years, so that sums of a few instants cannot overflow.
fn nanos(duration: Duration) -> u64 {
    const MOST: u64 = 1 << 60;
    u64::try_from(duration.as_nanos()).map_or(MOST, |nanos| nanos.min(MOST))
}
