//! The limiters that a server keeps, by `SCAN`.

use redis::RedisError;
use redis::RedisResult;
use redis::Value;

use crate::store::ListRequest;
use crate::store::Listing;
use crate::store::State;
use crate::store::StoredLimiter;
use crate::store::Ticks;

use super::connection::Connection;
use super::error;
use super::fields;
use super::operation::Operation;
use super::script;

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
            states.cmd("HGETALL").arg(&**key);
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
    let mut pattern = script::PREFIX.to_owned();
    for letter in prefix.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('*');
    pattern
}

/// Reads the answer to an `HGETALL`.
fn read(answer: Value) -> RedisResult<Option<State>> {
    match answer.extract_error() {
        Ok(fields) => Ok(state(&fields)),
        Err(error) if error.code() == Some("WRONGTYPE") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a state from its fields; `None` for a key that has gone meanwhile, or holds something else.
fn state(fields: &Value) -> Option<State> {
    let state = match fields {
        Value::Array(fields) => fields::state_of(fields),
        Value::Map(fields) => {
            let pairs = fields.iter().flat_map(|(name, value)| [name, value]);
            fields::state_of(&pairs.cloned().collect::<Vec<_>>())
        }
        _ => None,
    };
    // The script writes when it was last changed with everything else.
    state.filter(|state| state.seen > Ticks::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_matched_to_the_letter() {
        assert_eq!(pattern(""), "paced2:{*");
        assert_eq!(pattern("a*b?[c]\\"), "paced2:{a\\*b\\?\\[c\\]\\\\*");
    }
}
