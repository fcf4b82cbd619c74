//! Modes of a limiter: enforcing, observing, and off.

use core::time::Duration;
use std::sync::Arc;

use crate::events;
use crate::mode::Mode;
use crate::time::Instant;

use super::Limiter;
use super::reports::attempt_report::AttemptReport;
use super::reports::attempt_report::Forecast;
use super::request::Denial;
use super::request::Request;
use super::shared::Shared;

impl Limiter {
    /// Changes the mode, for all functions that share the limiter, and also for calls that wait now.
    ///
    /// * To [`Mode::Observe`]: all calls that wait go on at once, in their order. Later ones do not wait either. What they
    ///   take is accounted for as a debt.
    /// * To [`Mode::Enforce`]: calls wait from now on. Of a debt they wait for the tokens of one period of each limit at
    ///   most (one second of `5/s`, an hour of `5000/h`), so that the change does not stop the program.
    /// * To [`Mode::Off`]: all calls that wait go on at once, and nothing is accounted for.
    ///
    /// A limiter that was [closed](Self::close) refuses calls in every mode.
    ///
    /// A mode that is set goes before the one that a function or a builder declares, also if that comes later. So a program
    /// can set the modes of its functions as it starts, by [`paced::limiter`](crate::limiter()).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Mode, Quota};
    /// use tokio::time::Instant;
    ///
    /// static API: Limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// API.set_mode(Mode::Observe);
    /// let start = Instant::now();
    /// for _ in 0..100 {
    ///     API.acquire().await?;
    /// }
    /// assert_eq!(start.elapsed().as_secs(), 0);
    /// assert_eq!(API.snapshot().would_have_waited.longest.as_secs(), 99);
    ///
    /// API.set_mode(Mode::Enforce);
    /// API.acquire().await?;
    /// assert_eq!(start.elapsed().as_secs(), 2, "one second of the debt, and one for the token");
    /// # Ok(()) }
    /// ```
    pub fn set_mode(&self, mode: Mode) {
        let shared = self.shared();
        shared.mode.mark_set();
        shared.change_mode(mode);
    }

    /// Returns the mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Mode, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    /// assert_eq!(limiter.mode(), Mode::Enforce);
    /// limiter.set_mode(Mode::Off);
    /// assert_eq!(limiter.mode(), Mode::Off);
    /// ```
    pub fn mode(&self) -> Mode {
        self.shared().mode.get()
    }
}

impl Shared {
    /// Applies the mode of a declaration, unless one was chosen before.
    pub(crate) fn declare_mode(&self, mode: Mode) {
        if self.mode.declare(mode) {
            self.change_mode(mode);
        }
    }

    /// Applies the mode of a configuration, unless the program has set one. `None`: the configuration has none.
    pub(super) fn configure_mode(&self, mode: Option<Mode>) {
        if let Some(mode) = self.mode.configure(mode) {
            self.change_mode(mode);
        }
    }

    /// Applies the mode that a configuration has for the keys whose calls take from this limiter. Emits no event, because the
    /// keys do.
    pub(crate) fn follow_mode_of_keys(&self, mode: Option<Mode>, overriding: bool) {
        if overriding {
            self.mode.forget_set();
        }
        if let Some(mode) = self.mode.configure(mode) {
            self.put_mode_of_all(mode);
        }
    }

    /// Does the same with an event, for a limiter with a name of its own.
    pub(super) fn configure_mode_of_keys(&self, mode: Option<Mode>, overriding: bool) {
        if overriding {
            self.mode.forget_set();
        }
        self.configure_mode(mode);
    }

    fn change_mode(&self, mode: Mode) {
        if self.put_mode_of_all(mode) != mode {
            events::mode_changed(self.label(), mode);
        }
    }

    /// Changes the mode of this limiter and of its resources. Returns the one that this limiter had.
    pub(super) fn put_mode_of_all(&self, mode: Mode) -> Mode {
        let before = self.put_mode(mode);
        for resource in self.all_resources() {
            resource.put_mode(mode);
        }
        before
    }

    /// Changes the mode of this limiter alone. Returns the one before.
    pub(super) fn put_mode(&self, mode: Mode) -> Mode {
        self.with_state(|state, now, _| {
            self.mode.set(mode);
            state.set_mode(mode, now)
        })
    }

    /// Returns whether calls are held back.
    #[cold]
    pub(crate) fn enforces(&self) -> bool {
        self.mode.get() == Mode::Enforce
    }

    /// Lets a call pass that would have needed permits of these resources as well, and says what would have held it back.
    /// Returns whether it holds a slot.
    pub(crate) fn pass_with(
        &self,
        resources: &[Arc<Self>],
        request: &Request,
    ) -> Result<bool, Denial> {
        let of_resource = request.to_resource();
        let after = resources
            .iter()
            .map(|resource| {
                resource.with_state(|state, now, _| state.draw_for_another(&of_resource, now))
            })
            .fold(Instant::EPOCH, Instant::max);
        let passed = self.with_state(|state, now, _| {
            state.waits.backoff += Duration::from(request.backed_off);
            state.pass(request, after, now)?;
            Ok(state.takes_slot(request.priority))
        });
        passed.map_err(Denial::Refused)
    }

    /// Counts the end of an attempt of a limiter that is off.
    pub(super) fn report_off(&self, report: &AttemptReport<'_>) -> Forecast {
        self.count_end_of(report, false);
        if let Some(throttled) = report.result.failed() {
            self.count(|counts| counts.fail(throttled));
        }
        if report.slot {
            self.release_slot();
        }
        Forecast::FREE
    }
}
