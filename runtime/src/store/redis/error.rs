//! Meaning of a client's error, told without anything that the server or the URL wrote: both know secrets.

use core::error::Error;
use std::io;
use std::sync::Arc;

use redis::ErrorKind;
use redis::RedisError;
use redis::ServerErrorKind;

use crate::store::StoreError;

/// Errors that another try may mend, by the server's code for them.
const PASSING: &[(&str, &str)] = &[
    ("LOADING", "Redis is loading its data (LOADING)"),
    ("READONLY", "Redis is a replica now (READONLY)"),
    ("MASTERDOWN", "Redis has lost its master (MASTERDOWN)"),
    ("CLUSTERDOWN", "the cluster is down (CLUSTERDOWN)"),
    ("TRYAGAIN", "the cluster moves the key (TRYAGAIN)"),
    ("OOM", "Redis is out of memory (OOM)"),
    ("MISCONF", "Redis cannot write to its disk (MISCONF)"),
    ("NOREPLICAS", "Redis lacks replicas (NOREPLICAS)"),
    ("BUSY", "Redis is busy with another script (BUSY)"),
];

/// Errors that no further try mends.
const LASTING: &[(&str, &str)] = &[
    (
        "WRONGTYPE",
        "the limiter's key holds something else (WRONGTYPE)",
    ),
    ("NOPERM", "the user may not do what is needed (NOPERM)"),
    ("NOAUTH", "Redis wants a password (NOAUTH)"),
    (
        "WRONGPASS",
        "Redis refused the user's name or password (WRONGPASS)",
    ),
    ("DENIED", "Redis takes no connections from here (DENIED)"),
];

/// Commands that the server refuses its script, see `step.lua`.
const REFUSED: &[(&str, &str)] = &[
    ("TIME", "Redis refuses the command TIME"),
    ("HGETALL", "Redis refuses the script the command HGETALL"),
    ("HSET", "Redis refuses the script the command HSET"),
    ("HDEL", "Redis refuses the script the command HDEL"),
    ("PEXPIRE", "Redis refuses the script the command PEXPIRE"),
];

/// Parts of the messages of errors that only have the code `ERR`.
const LASTING_WORDS: &[(&str, &str)] = &[
    // Of clients that have not authenticated it does not even read a command as long as ours.
    ("unauthenticated", "Redis wants a password (NOAUTH)"),
    (
        "unknown command",
        "Redis does not know a command that is needed",
    ),
    ("DB index", "Redis has no database of this number"),
    ("SELECT is not allowed", "a cluster has no database but 0"),
    (
        "script",
        "Redis cannot run the script; version 5 is needed at least",
    ),
];

const IN_CLUSTER: &str =
    "Redis is part of a cluster, which needs the feature `redis-cluster` of `paced`";

/// Code of the error of a list that is asked of a whole cluster.
#[cfg(feature = "redis-cluster")]
pub(super) const NO_LIST: &str = "NOLIST";

/// Code of the error of a listing with an invalid cursor.
pub(super) const NO_CURSOR: &str = "NOCURSOR";

/// Returns the meaning of an error for a limiter.
pub(super) fn explain(error: &RedisError) -> StoreError {
    match error.kind() {
        ErrorKind::AuthenticationFailed => {
            StoreError::rejected("Redis refused the user's name or password")
        }
        ErrorKind::InvalidClientConfig => {
            StoreError::rejected("no connection can be made like this")
        }
        ErrorKind::UnexpectedReturnType => {
            StoreError::rejected("Redis answered what the script does not")
        }
        ErrorKind::Io => unreachable(error),
        ErrorKind::Server(ServerErrorKind::Moved) if !cfg!(feature = "redis-cluster") => {
            StoreError::rejected(IN_CLUSTER)
        }
        ErrorKind::Server(_) | ErrorKind::Extension => answered(error),
        _ => StoreError::unavailable("Redis cannot be understood"),
    }
}

/// Returns whether the script may not ask for the time.
pub(super) fn is_about_time(error: &RedisError) -> bool {
    error.code() == Some("REFUSED") && error.detail() == Some("TIME")
}

/// Returns whether the connection is of no use any more. Another one may lead to another server.
pub(super) fn breaks(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => matches!(
            kind,
            ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::Moved
        ),
        ErrorKind::Extension | ErrorKind::UnexpectedReturnType => false,
        _ => true,
    }
}

/// Returns whether a server has said that the key is at another one.
pub(super) fn is_moved(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::Moved)
}

/// Explains an error that the server sent. Old servers put the code of what went wrong in a script behind one
/// of their own.
fn answered(error: &RedisError) -> StoreError {
    let (code, detail) = (error.code().unwrap_or(""), error.detail().unwrap_or(""));
    if code == NO_CURSOR {
        return StoreError::rejected("the cursor is not one of a listing in Redis");
    }
    #[cfg(feature = "redis-cluster")]
    if code == NO_LIST {
        return StoreError::unsupported(
            "a cluster cannot be listed as a whole: ask each node, by a store of its own",
        );
    }
    if code == "REFUSED" {
        let command = REFUSED.iter().find(|(command, _)| *command == detail);
        let sentence = command.map_or("Redis refuses a command", |(_, sentence)| sentence);
        return StoreError::rejected(sentence);
    }
    let says = |known: &str| {
        let mut words = detail.split(|letter: char| !letter.is_ascii_alphabetic());
        code == known || (code == "ERR" && words.any(|word| word == known))
    };
    let find = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(word, _)| says(word));
        found.map(|(_, sentence)| *sentence)
    };
    if let Some(sentence) = find(PASSING) {
        return StoreError::unavailable(sentence);
    }
    if let Some(sentence) = find(LASTING) {
        return StoreError::rejected(sentence);
    }
    let words = LASTING_WORDS
        .iter()
        .find(|(words, _)| detail.contains(words));
    match words {
        Some((_, sentence)) if code == "ERR" => StoreError::rejected(*sentence),
        _ => StoreError::unavailable("Redis answered with an error"),
    }
}

fn unreachable(error: &RedisError) -> StoreError {
    let io = io_error(error);
    #[cfg(feature = "redis-rustls")]
    if io.is_some_and(super::tls::is_about_certificate) {
        return StoreError::rejected("the server's certificate is not trusted here");
    }
    match io.map(io::Error::kind) {
        Some(kind) => StoreError::unavailable(format!("Redis cannot be reached: {kind}")),
        None => StoreError::unavailable("Redis cannot be reached"),
    }
}

/// Returns the I/O error: the client gives its source as it is, or in its `Arc`.
fn io_error(error: &RedisError) -> Option<&io::Error> {
    let source = error.source()?;
    source.downcast_ref().or_else(|| {
        let shared = source.downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
        shared.downcast_ref()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> StoreError {
        let reply = redis::parse_redis_value(format!("-{line}\r\n").as_bytes());
        let error = reply.and_then(redis::Value::extract_error);
        explain(&error.expect_err("an error"))
    }

    #[test]
    fn replies_of_a_server_are_transient_or_final() {
        for (line, code) in [
            ("LOADING Redis is loading the dataset in memory", "LOADING"),
            (
                "READONLY You can't write against a read only replica.",
                "READONLY",
            ),
            ("MASTERDOWN Link with MASTER is down", "MASTERDOWN"),
            ("CLUSTERDOWN The cluster is down", "CLUSTERDOWN"),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                "OOM",
            ),
            (
                "MISCONF Redis is configured to save RDB snapshots",
                "MISCONF",
            ),
            ("BUSY Redis is busy running a script.", "BUSY"),
            (
                "NOREPLICAS Not enough good replicas to write.",
                "NOREPLICAS",
            ),
            ("ERR max number of clients reached", ""),
            ("upstream failure", ""),
            // As before version 7.
            (
                "ERR Error running script (call to f_0): @user_script: -READONLY You can't write",
                "READONLY",
            ),
            (
                "ERR Error running script: @user_script:1: OOM command not allowed",
                "OOM",
            ),
        ] {
            let error = said(line);
            assert!(!error.is_rejected(), "{line}: {error}");
            assert!(error.to_string().contains(code), "{line}: {error}");
        }
        for (line, code) in [
            (
                "WRONGTYPE Operation against a key holding the wrong kind of value",
                "WRONGTYPE",
            ),
            (
                "NOPERM User secret has no permissions to run the 'evalsha' command",
                "NOPERM",
            ),
            ("NOAUTH Authentication required.", "NOAUTH"),
            (
                "WRONGPASS invalid username-password pair or user is disabled.",
                "WRONGPASS",
            ),
            ("DENIED Redis is running in protected mode", "DENIED"),
            ("ERR unknown command 'EVALSHA'", "command"),
            ("REFUSED TIME", "TIME"),
            ("REFUSED PEXPIRE", "PEXPIRE"),
            ("REFUSED secret", "command"),
            ("ERR DB index is out of range", "database"),
            (
                "ERR Error running script (call to f_0): @user_script: WRONGTYPE Operation",
                "WRONGTYPE",
            ),
            (
                "ERR Error compiling script (new function): user_script:1: secret",
                "script",
            ),
        ] {
            let error = said(line);
            assert!(error.is_rejected(), "{line}: {error}");
            assert!(error.to_string().contains(code), "{line}: {error}");
            assert!(!error.to_string().contains("secret"), "{line}: {error}");
        }
    }

    #[test]
    fn a_server_of_a_cluster_needs_the_feature() {
        let error = said("MOVED 3999 127.0.0.1:6381");
        assert_eq!(error.is_rejected(), !cfg!(feature = "redis-cluster"));
    }

    #[test]
    fn only_connections_of_no_use_are_given_up() {
        let of = |line: &str| {
            let reply = redis::parse_redis_value(format!("-{line}\r\n").as_bytes());
            let error = reply.and_then(redis::Value::extract_error);
            breaks(&error.expect_err("an error"))
        };
        assert!(of("READONLY You can't write against a read only replica."));
        assert!(!of("OOM command not allowed"));
        assert!(!of("WRONGTYPE Operation"));
        assert!(breaks(&RedisError::from(io::Error::from(
            io::ErrorKind::BrokenPipe
        ))));
    }
}
