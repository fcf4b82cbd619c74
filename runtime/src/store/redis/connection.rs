//! Connections to a server, or to all servers of a cluster.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use core::time::Duration;

use redis::AsyncConnectionConfig;
use redis::Client;
use redis::Cmd;
use redis::ErrorKind;
use redis::FromRedisValue;
use redis::IntoConnectionInfo as _;
use redis::Pipeline;
use redis::RedisError;
use redis::RedisResult;
use redis::Value;
use redis::aio::MultiplexedConnection;
#[cfg(feature = "redis-cluster")]
use redis::cluster::ClusterClient;
#[cfg(feature = "redis-cluster")]
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;

use crate::store::Ticks;

/// Retries of the cluster's client, which looks up meanwhile where a key has moved to.
#[cfg(feature = "redis-cluster")]
const RETRIES: u32 = 1;

/// Longest wait of the cluster's client before that, in milliseconds.
#[cfg(feature = "redis-cluster")]
const LONGEST_RETRY_WAIT: u64 = 20;

/// Converts seconds and microseconds to ticks.
fn ticks(numbers: &[i64]) -> Option<Ticks> {
    let &[seconds, micros] = numbers else {
        return None;
    };
    let seconds = Duration::from_secs(u64::try_from(seconds).ok()?);
    let micros = Duration::from_micros(u64::try_from(micros).ok()?);
    Some(Ticks::from_duration(seconds.checked_add(micros)?))
}

/// Converts a missing permission for `TIME` to the error of a refused command.
fn refused(error: RedisError) -> RedisError {
    match error.code() {
        Some("NOPERM") => {
            redis::make_extension_error("REFUSED".to_owned(), Some("TIME".to_owned()))
        }
        _ => error,
    }
}

/// Returns the error of a listing of a cluster, which has no list of its keys.
#[cfg(feature = "redis-cluster")]
fn not_in_a_cluster() -> RedisError {
    redis::make_extension_error(super::error::NO_LIST.to_owned(), None)
}

/// Makes connections.
pub(super) struct Connector {
    client: Client,
    #[cfg(feature = "redis-rustls")]
    encrypted: bool,
    /// The server has turned out to be one of several.
    clustered: AtomicBool,
}

/// A connection that many requests use at once.
#[derive(Clone)]
pub(super) enum Connection {
    One(MultiplexedConnection),
    #[cfg(feature = "redis-cluster")]
    Cluster(ClusterConnection),
}

impl Connector {
    pub(super) fn new(url: &str) -> RedisResult<Self> {
        // Requests are small and wait for their answers: none is to wait for another one's packet.
        let tcp = TcpSettings::default().set_nodelay(true);
        let info = url.into_connection_info()?.set_tcp_settings(tcp);
        Ok(Self {
            client: Client::open(info)?,
            #[cfg(feature = "redis-rustls")]
            encrypted: url.starts_with("rediss"),
            clustered: AtomicBool::new(false),
        })
    }

    /// Connects. Neither this nor the connection has a time limit of its own: the store has one.
    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        #[cfg(feature = "redis-rustls")]
        if self.encrypted {
            super::tls::choose_provider();
        }
        #[cfg(feature = "redis-cluster")]
        if self.clustered.load(Ordering::Relaxed) {
            return self.connect_to_all().await.map(Connection::Cluster);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let client = &self.client;
        let one = client.get_multiplexed_async_connection_with_config(&config);
        one.await.map(Connection::One)
    }

    #[cfg(feature = "redis-cluster")]
    async fn connect_to_all(&self) -> RedisResult<ClusterConnection> {
        let seed = self.client.get_connection_info().clone();
        let tcp = seed.tcp_settings().clone();
        let client = ClusterClient::builder([seed])
            .retries(RETRIES)
            .max_retry_wait(LONGEST_RETRY_WAIT)
            .tcp_settings(tcp)
            .build()?;
        client.get_async_connection().await
    }

    /// Records that a key is at another server. Returns whether that is new and can be handled: connections
    /// are made to all servers from now on.
    pub(super) fn found_cluster(&self) -> bool {
        cfg!(feature = "redis-cluster") && !self.clustered.swap(true, Ordering::Relaxed)
    }
}

impl Connection {
    /// Returns the server's time, for a script that may not ask for it.
    pub(super) async fn time(&mut self) -> RedisResult<Ticks> {
        let numbers = self.ask::<i64>(&redis::cmd("TIME")).await;
        ticks(&numbers.map_err(refused)?)
            .ok_or_else(|| RedisError::from((ErrorKind::UnexpectedReturnType, "no time")))
    }

    /// Runs a `SCAN`. Returns the next cursor and the keys.
    pub(super) async fn scan(&mut self, command: &Cmd) -> RedisResult<(u64, Vec<Vec<u8>>)> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(_) => Err(not_in_a_cluster()),
        }
    }

    /// Runs commands in one round trip. The value of one that fails is an error.
    pub(super) async fn ask_all(
        &mut self,
        commands: &Pipeline,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        if count == 0 {
            return Ok(Vec::new());
        }
        match self {
            Self::One(connection) => connection.send_packed_commands(commands, 0, count).await,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(_) => Err(not_in_a_cluster()),
        }
    }

    pub(super) async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<Vec<T>> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}
