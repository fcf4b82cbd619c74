//! A Redis server of a test's own.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use paced::store::RedisStore;

/// Far longer than any server needs to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a free port of the loopback interface, which ends with this value.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    pub(crate) folder: PathBuf,
    arguments: Vec<String>,
}

impl Server {
    /// `None` where there is no Redis and none is demanded.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(arguments: &[&str]) -> Option<Self> {
        if !is_installed() {
            return skipped("redis-server");
        }
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let (port, folder) = (free_port(), new_folder());
        let child = run(port, &folder, &arguments);
        let server = Self {
            child,
            port,
            folder,
            arguments,
        };
        server.until_it_listens();
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn store(&self) -> RedisStore {
        patient(&self.url())
    }

    /// Carries out a command, and gives the answer.
    pub(crate) fn tell<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        tell(&self.url(), words)
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("the server ends");
    }

    /// Again on the same port, with nothing of what it knew before.
    pub(crate) fn start_again(&mut self) {
        self.child = run(self.port, &self.folder, &self.arguments);
        self.until_it_listens();
    }

    /// Stands still, with its connections open.
    pub(crate) fn stop(&self) {
        signal("STOP", &self.child);
    }

    /// Goes on.
    pub(crate) fn go_on(&self) {
        signal("CONT", &self.child);
    }

    fn until_it_listens(&self) {
        let begun = Instant::now();
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "redis-server does not start");
            // A server starts when it likes.
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed before.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// The URL of a server that others may use as well, and the server if it is one of our own.
pub(crate) fn any() -> Option<(String, Option<Server>)> {
    if let Ok(url) = std::env::var("PACED_TEST_REDIS_URL") {
        return Some((url, None));
    }
    let server = Server::start()?;
    Some((server.url(), Some(server)))
}

/// A store for tests that are about answers, not about when they come: a machine may be under load.
pub(crate) fn patient(url: &str) -> RedisStore {
    let store = RedisStore::open(url).expect("a store's URL");
    store.connect_timeout(PATIENCE).response_timeout(PATIENCE)
}

pub(crate) fn tell<T: redis::FromRedisValue>(url: &str, words: &[&str]) -> T {
    let client = redis::Client::open(url).expect("a URL");
    let mut connection = client.get_connection().expect("a connection");
    let mut command = redis::Cmd::new();
    command.arg(words);
    command.query(&mut connection).expect("an answer")
}

/// Says so past the capture of passing tests' output, or fails where a server is demanded.
pub(crate) fn skipped<T>(missing: &str) -> Option<T> {
    let demanded = std::env::var_os("PACED_REQUIRE_REDIS").is_some();
    assert!(!demanded, "{missing} is not installed");
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("SKIPPED {name}: {missing} is not installed\n");
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("stderr is open");
    None
}

fn is_installed() -> bool {
    let version = Command::new("redis-server").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

fn run(port: u16, folder: &PathBuf, arguments: &Vec<String>) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server starts")
}

pub(crate) fn signal(signal: &str, child: &Child) {
    let status = Command::new("kill")
        .args([format!("-{signal}"), child.id().to_string()])
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "kill -{signal}"
    );
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn new_folder() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("paced-redis-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}
