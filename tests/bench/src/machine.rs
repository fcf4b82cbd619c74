//! Where and with what a report was made.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::thread;

/// The peers whose versions matter.
const PEERS: [&str; 13] = [
    "async-rate-limiter",
    "backon",
    "governor",
    "leaky-bucket",
    "paced",
    "quanta",
    "reqwest",
    "reqwest-middleware",
    "reqwest-ratelimit",
    "reqwest-retry",
    "throttle-net",
    "tokio",
    "tokio-retry2",
];

/// Processor, system and compiler.
pub fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": "));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{cores} cores of {}, {}, {}",
        model.map_or("an unknown processor", |(_, model)| model),
        first_line("uname", &["-sr"]),
        first_line("rustc", &["--version"]),
    )
}

/// How much else the machine does, in words.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    match load.split(' ').next() {
        Some(load) if !load.is_empty() => {
            format!("{load} threads wanted a processor in the minute before")
        }
        _ => "nobody knows what else it did".to_owned(),
    }
}

/// The versions of what is compared, from the lock file.
pub fn versions(lock: &str) -> String {
    let mut lines = lock.lines();
    let mut found = BTreeSet::new();
    while let Some(line) = lines.next() {
        let name = line
            .strip_prefix("name = ")
            .map(|name| name.trim_matches('"'));
        let version = lines.clone().next();
        let version = version.and_then(|line| line.strip_prefix("version = "));
        if let (Some(name), Some(version)) = (name.filter(|name| PEERS.contains(name)), version) {
            found.insert(format!("{name} {}", version.trim_matches('"')));
        }
    }
    found.into_iter().collect::<Vec<_>>().join(", ")
}

fn first_line(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().next().unwrap_or(program).to_owned()
}
