//! The script, its arguments and its answers.

use std::borrow::Cow;

use redis::Cmd;
use redis::ErrorKind;
use redis::RedisError;
use redis::ServerErrorKind;

use crate::store::Action;
use crate::store::Answer;
use crate::store::Answers;
use crate::store::MAX_LIMITS;
use crate::store::Reply;
use crate::store::Request;
use crate::store::State;
use crate::store::Ticks;
use crate::store::Wait;
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

/// Number of integers in a state.
pub(super) const NUMBERS: usize = 5 + MAX_LIMITS;

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
        time: Option<Ticks>,
    ) -> Result<Reply, RedisError> {
        let known = command("EVALSHA", &self.digest, key, request, time);
        let numbers = match connection.ask(&known).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let whole = command("EVAL", &self.text, key, request, time);
                connection.ask(&whole).await
            }
            other => other,
        };
        reply(&numbers?, request.actions.len()).ok_or_else(|| {
            let what = "the numbers of a reply are out of bounds";
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

fn command(how: &str, script: &str, key: &str, request: &Request, time: Option<Ticks>) -> Cmd {
    let mut command = redis::cmd(how);
    command.arg(script).arg(1).arg(name(key));
    command.arg(exact(request.not_after.unwrap_or(Ticks::MAX)));
    command.arg(exact(request.sent_at.unwrap_or(Ticks::MAX)));
    let limits = request.limits.as_slice();
    command.arg(limits.len());
    for limit in limits {
        command.arg(limit.interval().get());
        command.arg(limit.capacity().get());
    }
    command.arg(request.actions.len());
    for action in request.actions.iter() {
        let (action, parameters) = parameters(*action);
        command.arg(action).arg(&parameters);
    }
    if let Some(floor) = request.floor {
        let floor = floor.bounded();
        command.arg(&floor.full_at.map(Ticks::get)).arg(&[
            floor.paused_until.get(),
            floor.generation,
            floor.learnt_interval.get(),
            floor.learnt_until.get(),
            floor.seen.get(),
        ]);
    }
    if let Some(time) = time {
        command.arg(time.get());
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
                exact(horizon),
                exact(longest),
                u64::from(drain),
            ],
        ),
        Action::Peek => ("peek", [0; 4]),
        Action::Resume { forget } => ("resume", [u64::from(forget), 0, 0, 0]),
        Action::Pause { duration } => ("pause", [exact(duration.min(LONGEST_PAUSE)), 0, 0, 0]),
        Action::Learn { interval, duration } => (
            "learn",
            [
                exact(interval.min(MAX_CAPACITY)),
                exact(duration.min(LONGEST_PAUSE)),
                0,
                0,
            ],
        ),
    }
}

/// Returns the number of ticks, at most the largest integer that the script can hold exactly.
fn exact(ticks: Ticks) -> u64 {
    ticks.get().min(MAX_EXACT)
}

/// Reads the reply to a request with `actions` actions.
fn reply(numbers: &[i64], actions: usize) -> Option<Reply> {
    let ([now, late], numbers) = numbers.split_first_chunk()?;
    let (state, answers) = numbers.split_first_chunk::<NUMBERS>()?;
    let mut fields = [0; NUMBERS];
    for (field, number) in fields.iter_mut().zip(state) {
        *field = u64::try_from(*number).ok()?;
    }
    let mut all = answers.chunks(3).map(answer);
    let first = Answers::one(all.next()??);
    let answers = all.try_fold(first, |answers, answer| Some(answers.and(answer?)))?;
    let mut reply = Reply::new(ticks(*now)?, answers, state_of(fields));
    reply.stale = *late != 0;
    (reply.answers.len() == actions).then_some(reply)
}

fn answer(numbers: &[i64]) -> Option<Answer> {
    let [granted, wait, every] = *numbers else {
        return None;
    };
    let granted = u32::try_from(granted).ok()?;
    Some(Answer::new(granted, Wait::new(wait), ticks(every)?))
}

fn ticks(number: i64) -> Option<Ticks> {
    u64::try_from(number).ok().map(Ticks::new)
}

/// Returns the state of these numbers, in the order in which the script has them.
pub(super) fn state_of(numbers: [u64; NUMBERS]) -> State {
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
        full_at: [first, second, third, fourth].map(Ticks::new),
        paused_until: Ticks::new(paused_until),
        generation,
        learnt_interval: Ticks::new(learnt_interval),
        learnt_until: Ticks::new(learnt_until),
        seen: Ticks::new(seen),
    }
}
