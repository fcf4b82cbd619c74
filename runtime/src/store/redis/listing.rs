//! The limiters that a server keeps, by `SCAN`.

use redis::RedisError;
use redis::RedisResult;
use redis::Value;

use crate::store::ListRequest;
use crate::store::Listing;
use crate::store::State;
use crate::store::StoredLimiter;
use crate::store::Ticks;
use crate::store::state::MAX_EXACT;

use super::connection::Connection;
use super::error;
use super::operation::Operation;
use super::script;

/// Fields of a state, in the order in which they are asked for.
const FIELDS: [&str; 9] = [
    "full_at",
    "full_at2",
    "full_at3",
    "full_at4",
    "paused_until",
    "generation",
    "learnt_interval",
    "learnt_until",
    "seen",
];

/// Request for a page of the limiters.
pub(super) struct ListOperation<'a> {
    pub(super) request: &'a ListRequest,
}

impl Operation for ListOperation<'_> {
    type Output = Listing;

    async fn run(&self, connection: &mut Connection) -> Result<Listing, RedisError> {
        let request = self.request;
        let (cursor, keys) = self.scan(connection).await?;
        let mut states = redis::pipe();
        // Another program's key may hold something else.
        states.ignore_errors();
        for (key, _) in &keys {
            states.cmd("HMGET").arg(&**key).arg(&FIELDS);
        }
        let values = connection.ask_all(&states, keys.len()).await?;
        let mut limiters = Vec::with_capacity(values.len());
        for ((_, name), value) in keys.into_iter().zip(values) {
            if let Some(state) = read(value)? {
                limiters.push(StoredLimiter::new(name, state));
            }
        }
        Ok(Listing {
            limiters,
            // Not before the states: none is from later.
            now: connection.time().await?,
            next: (cursor != 0).then(|| request.clone().with_cursor(cursor.to_string())),
        })
    }
}

impl ListOperation<'_> {
    /// Returns the cursor of the next page, and the keys of this one with the names of their limiters.
    async fn scan(&self, connection: &mut Connection) -> RedisResult<(u64, Vec<(String, String)>)> {
        let cursor = self.request.cursor.as_deref().map_or(Ok(0), str::parse);
        let cursor: u64 =
            cursor.map_err(|_| redis::make_extension_error(error::NO_CURSOR.to_owned(), None))?;
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor)
            .arg("MATCH")
            .arg(pattern(&self.request.prefix))
            .arg("COUNT")
            .arg(self.request.limit.max(1));
        let (cursor, keys) = connection.scan(&scan).await?;
        let named = keys.into_iter().filter_map(|key| {
            // A name is text; no limiter of ours has a key that is none.
            let key = String::from_utf8(key).ok()?;
            let name = script::limiter_of(&key)?;
            let name = name
                .starts_with(&*self.request.prefix)
                .then(|| name.to_owned())?;
            Some((key, name))
        });
        Ok((cursor, named.collect()))
    }
}

/// Returns the glob of all keys of limiters whose names begin with `prefix`.
fn pattern(prefix: &str) -> String {
    let mut pattern = "paced1:{".to_owned();
    for letter in prefix.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('*');
    pattern
}

/// Reads the answer to an `HMGET`.
fn read(answer: Value) -> RedisResult<Option<State>> {
    match answer.extract_error() {
        Ok(fields) => Ok(state(&fields)),
        Err(error) if error.code() == Some("WRONGTYPE") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a state from its fields; `None` for a key that has gone meanwhile, or holds something else.
fn state(fields: &Value) -> Option<State> {
    let Value::Array(fields) = fields else {
        return None;
    };
    let numbers: Vec<u64> = fields.iter().map(number).collect();
    let state = script::state_of(numbers.try_into().ok()?);
    // The script writes when it was last changed with everything else.
    (state.seen > Ticks::ZERO).then_some(state)
}

/// Reads a whole number, moved into bounds as the script does.
fn number(field: &Value) -> u64 {
    let Value::BulkString(text) = field else {
        return 0;
    };
    let text = core::str::from_utf8(text).unwrap_or_default();
    text.parse().unwrap_or(0).min(MAX_EXACT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_matched_to_the_letter() {
        assert_eq!(pattern(""), "paced1:{*");
        assert_eq!(pattern("a*b?[c]\\"), "paced1:{a\\*b\\?\\[c\\]\\\\*");
    }

    #[test]
    fn edited_numbers_are_put_in_bounds() {
        let of = |text: &str| number(&Value::BulkString(text.into()));
        assert_eq!((of("7"), of("-7"), of("x"), of("")), (7, 0, 0, 0));
        assert_eq!(of("18446744073709551615"), MAX_EXACT);
        assert_eq!(number(&Value::Nil), 0);
    }
}
