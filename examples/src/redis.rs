//! A Redis server for as long as an example runs.

use std::{
    io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const MISSING: &str = "redis-server is not installed: install it (`apt-get install redis-server`, \
                       `brew install redis`), or name one that runs with `--redis redis://host`";

/// A server that ends with this value.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// Starts it on a free port of the loopback interface, with nothing written to disk.
    ///
    /// # Errors
    ///
    /// A sentence for people: it is not installed, or does not start or listen.
    pub fn start() -> Result<Self, String> {
        let port = free_port().map_err(|error| format!("no free port: {error}"))?;
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn();
        let child = child.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => MISSING.to_owned(),
            _ => format!("redis-server does not start: {error}"),
        })?;
        let redis = Self { child, port };
        redis.until_it_listens()?;
        Ok(redis)
    }

    /// Returns its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn until_it_listens(&self) -> Result<(), String> {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if begun.elapsed() > Duration::from_secs(5) {
                return Err("redis-server does not listen".to_owned());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
