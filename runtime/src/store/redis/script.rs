//! The script, its arguments and its answers.

use std::borrow::Cow;

use redis::Cmd;
use redis::ErrorKind;
use redis::RedisError;
use redis::ServerErrorKind;
use redis::Value;

use crate::store::Answer;
use crate::store::Answers;
use crate::store::Reply;
use crate::store::Request;
use crate::store::ServedCall;
use crate::store::Ticks;
use crate::store::Wait;

use super::connection::Connection;
use super::encoding;
use super::fields;

const TEXT: &str = concat!(
    include_str!("lua/state.lua"),
    include_str!("lua/quotas.lua"),
    include_str!("lua/draw.lua"),
    include_str!("lua/actions.lua"),
    include_str!("lua/main.lua"),
);

/// The lines of the script that read the clock.
const TIME: &str = "\
local time = redis.pcall('TIME')
if time.err then return failure('TIME', time) end
local now = tonumber(time[1]) * SECOND + tonumber(time[2]) * 4
";

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
        let values = match connection.ask(&known).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let whole = command("EVAL", &self.text, key, request, time);
                connection.ask(&whole).await
            }
            other => other,
        };
        reply(&values?, request.actions.len()).ok_or_else(|| {
            let what = "the numbers of a reply are out of bounds";
            RedisError::from((ErrorKind::UnexpectedReturnType, what))
        })
    }
}

/// Returns the key of a limiter, with its name as the hash tag; `2` is the version of what is kept there.
pub(super) fn name(key: &str) -> String {
    format!("{PREFIX}{key}}}")
}

/// Returns the name of the limiter that a key belongs to.
pub(super) fn limiter_of(key: &str) -> Option<&str> {
    key.strip_prefix(PREFIX)?.strip_suffix('}')
}

/// Beginning of all keys.
pub(super) const PREFIX: &str = "paced2:{";

fn command(how: &str, script: &str, key: &str, request: &Request, time: Option<Ticks>) -> Cmd {
    let mut command = redis::cmd(how);
    command.arg(script).arg(1).arg(name(key));
    command.arg(encoding::encode(request));
    if let Some(time) = time {
        command.arg(time.get());
    }
    command
}

/// Reads the reply to a request with `actions` actions.
fn reply(values: &[Value], actions: usize) -> Option<Reply> {
    let ([now, late], values) = values.split_first_chunk()?;
    let (answers, values) = values.split_at_checked(3 * actions)?;
    let mut all = answers.chunks(3).map(answer);
    let first = Answers::one(all.next()??);
    let answers = all.try_fold(first, |answers, answer| Some(answers.and(answer?)))?;
    let (count, values) = values.split_first()?;
    let count = usize::try_from(number(count)?).ok()?;
    let (calls, fields) = values.split_at_checked(count.checked_mul(2)?)?;
    let calls: Option<Vec<_>> = calls.chunks(2).map(call).collect();
    let mut reply = Reply::new(ticks(now)?, answers, fields::state_of(fields)?);
    reply.stale = number(late)? != 0;
    Some(reply.with_calls(calls?))
}

fn answer(values: &[Value]) -> Option<Answer> {
    let [granted, wait, every] = values else {
        return None;
    };
    let granted = u32::try_from(number(granted)?).ok()?;
    Some(Answer::new(
        granted,
        Wait::new(number(wait)?),
        ticks(every)?,
    ))
}

fn call(values: &[Value]) -> Option<ServedCall> {
    let [wait, row] = values else {
        return None;
    };
    Some(ServedCall {
        wait: Wait::new(number(wait)?),
        row: u8::try_from(number(row)?).ok()?,
    })
}

const fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

fn ticks(value: &Value) -> Option<Ticks> {
    u64::try_from(number(value)?).ok().map(Ticks::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Action;
    use crate::store::Calls;
    use crate::store::Limit;
    use crate::store::Limits;
    use crate::store::State;
    use crate::store::step;

    /// Requests and two kinds of tokens, and all that a limiter that is in use knows of them.
    #[test]
    fn a_request_for_three_limits_is_short() {
        let limit = |tokens: u64, burst| Limit::new(60 * Ticks::SECOND / tokens, burst);
        let limits = [limit(500, 8), limit(30_000, 30_000), limit(8_000, 8_000)];
        let limits = Limits::new(&limits).expect("three");
        let now = Ticks::from_secs(1_795_500_000);
        let draw = Action::DrawCalls {
            calls: Calls::new().and(1, &[1, 1500, 400]),
            horizon: Ticks::from_millis(20),
            longest: Ticks::from_secs(3600),
            drain: false,
        };
        let seen = step(
            &mut State::default(),
            now,
            &Request::new(draw.clone(), limits),
        )
        .state;
        let later = now + Ticks::from_millis(1_234);
        let request = Request::new(draw, limits)
            .with_floor(seen)
            .sent_at(later)
            .not_after(later + Ticks::from_secs(30));
        let digest = "0".repeat(40);
        let bytes = command("EVALSHA", &digest, "github", &request, None).get_packed_command();
        println!("{} bytes", bytes.len());
        assert!(bytes.len() <= 200, "{}", bytes.len());
    }
}
