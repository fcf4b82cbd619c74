//! The script, its arguments and its answers.

use std::borrow::Cow;

use redis::Cmd;
use redis::ErrorKind;
use redis::RedisError;
use redis::ServerErrorKind;

use crate::store::Action;
use crate::store::Answer;
use crate::store::MAX_LIMITS;
use crate::store::Request;
use crate::store::State;
use crate::store::limit::MAX_CAPACITY;
use crate::store::state::LONGEST_PAUSE;
use crate::store::state::MAX_EXACT;

use super::connection::Connection;

const TEXT: &str = include_str!("step.lua");

/// The lines of the script that read the clock.
const TIME: &str = "\
local time = redis.pcall('TIME')
if time.err then return failure('TIME', time) end
local now = tonumber(time[1]) * SECOND + tonumber(time[2]) * 4
";

/// Number of numbers in an answer.
const NUMBERS: usize = 10 + MAX_LIMITS;

/// A script and the digest that the server knows it by. The client computes it once, when the store is
/// made: there is no constant in the source that could be forgotten.
pub(super) struct Script {
    text: Cow<'static, str>,
    digest: String,
}

impl Script {
    pub(super) fn new() -> Self {
        Self::of(Cow::Borrowed(TEXT))
    }

    fn of(text: Cow<'static, str>) -> Self {
        let digest = redis::Script::new(&text).get_hash().to_owned();
        Self { text, digest }
    }

    /// Returns the same script with the time as one more argument, for servers that give a script no time.
    /// The time is read before the script runs, so it may be older than what another one has left.
    pub(super) fn with_time_before() -> Self {
        Self::with(&[(
            TIME,
            "local now = tonumber(table.remove(ARGV))\n\
             local newest = number((redis.pcall('HMGET', KEYS[1], 'seen'))[1])\n\
             if newest - now < 5 * SECOND then now = max(now, newest) end\n",
        )])
    }

    /// Returns the same script with the time as one more argument and states that do not expire meanwhile.
    #[cfg(feature = "test-util")]
    pub(super) fn with_given_time() -> Self {
        Self::with(&[
            (TIME, "local now = tonumber(table.remove(ARGV))\n"),
            (
                "local SLACK = 2 * SECOND\n",
                "local SLACK = 3600 * SECOND\n",
            ),
        ])
    }

    fn with(changes: &[(&str, &str)]) -> Self {
        let mut text = TEXT.to_owned();
        for (lines, instead) in changes {
            assert_eq!(text.matches(lines).count(), 1, "the script has changed");
            text = text.replace(lines, instead);
        }
        Self::of(Cow::Owned(text))
    }

    /// Runs the script, with `time` if it is the one with a given time.
    ///
    /// A server that does not know it, or not any more, is sent the text on the same connection, and
    /// knows it from then on.
    pub(super) async fn run(
        &self,
        connection: &mut Connection,
        key: &str,
        request: &Request,
        time: Option<u64>,
    ) -> Result<Answer, RedisError> {
        let known = command("EVALSHA", &self.digest, key, request, time);
        let numbers = match connection.ask(&known).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let whole = command("EVAL", &self.text, key, request, time);
                connection.ask(&whole).await
            }
            other => other,
        };
        answer(&numbers?).ok_or_else(|| {
            let what = "the numbers of an answer are out of bounds";
            RedisError::from((ErrorKind::UnexpectedReturnType, what))
        })
    }
}

/// Returns the key of a limiter, with its name as the hash tag; `1` is the version of what is kept there.
pub(super) fn name(key: &str) -> String {
    format!("paced1:{{{key}}}")
}

/// Returns the name of the limiter that a key belongs to.
pub(super) fn limiter_of(key: &str) -> Option<&str> {
    key.strip_prefix("paced1:{")?.strip_suffix('}')
}

fn command(how: &str, script: &str, key: &str, request: &Request, time: Option<u64>) -> Cmd {
    let mut command = redis::cmd(how);
    command.arg(script).arg(1).arg(name(key));
    let (action, parameters) = parameters(request.action);
    command.arg(action).arg(&parameters);
    command.arg(bounded(request.not_after.unwrap_or(u64::MAX)));
    command.arg(bounded(request.sent_at.unwrap_or(u64::MAX)));
    let limits = request.limits.as_slice();
    command.arg(limits.len());
    for limit in limits {
        command.arg(limit.interval()).arg(limit.capacity());
    }
    if let Some(floor) = request.floor {
        let floor = floor.bounded();
        command.arg(&floor.full_at).arg(&[
            floor.paused_until,
            floor.generation,
            floor.learnt_interval,
            floor.learnt_until,
            floor.seen,
        ]);
    }
    if let Some(time) = time {
        command.arg(time);
    }
    command
}

/// Returns the action's name and its parameters. What `step` would cut is cut here, where numbers are exact.
fn parameters(action: Action) -> (&'static str, [u64; 4]) {
    match action {
        Action::Draw {
            tokens,
            horizon,
            longest,
            drain,
        } => (
            "draw",
            [
                u64::from(tokens),
                bounded(horizon),
                bounded(longest),
                u64::from(drain),
            ],
        ),
        Action::Peek => ("peek", [0; 4]),
        Action::Resume { forget } => ("resume", [u64::from(forget), 0, 0, 0]),
        Action::Pause { duration } => ("pause", [duration.min(LONGEST_PAUSE), 0, 0, 0]),
        Action::Learn { interval, duration } => (
            "learn",
            [
                interval.min(MAX_CAPACITY),
                duration.min(LONGEST_PAUSE),
                0,
                0,
            ],
        ),
    }
}

/// Cuts a number: beyond this no instant and no duration makes a difference.
fn bounded(ticks: u64) -> u64 {
    ticks.min(MAX_EXACT)
}

fn answer(numbers: &[i64]) -> Option<Answer> {
    let numbers: &[i64; NUMBERS] = numbers.try_into().ok()?;
    let [now, granted, wait, every, late, fields @ ..] = *numbers;
    let mut state = [0; NUMBERS - 5];
    for (number, field) in state.iter_mut().zip(fields) {
        *number = u64::try_from(field).ok()?;
    }
    Some(Answer {
        now: u64::try_from(now).ok()?,
        granted: u32::try_from(granted).ok()?,
        wait,
        every: u64::try_from(every).ok()?,
        stale: late != 0,
        state: state_of(state),
    })
}

/// Returns the state of these numbers, in the order in which the script has them.
pub(super) fn state_of(numbers: [u64; NUMBERS - 5]) -> State {
    let [
        first,
        second,
        third,
        fourth,
        paused_until,
        generation,
        learnt_interval,
        learnt_until,
        seen,
    ] = numbers;
    State {
        full_at: [first, second, third, fourth],
        paused_until,
        generation,
        learnt_interval,
        learnt_until,
        seen,
    }
}
