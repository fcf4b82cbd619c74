//! Processes that call with keys.

use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

/// A process that calls with keys. Killed in the end.
struct Process {
    child: Child,
    told: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Process {
    fn start(url: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_keys_process"))
            .arg(url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process starts");
        Self {
            told: child.stdin.take().expect("a pipe"),
            said: BufReader::new(child.stdout.take().expect("a pipe")),
            child,
        }
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.told, "{line}").expect("the process listens");
        let mut said = String::new();
        self.said.read_line(&mut said).expect("text");
        said.trim_end().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Two processes share what they have of each key: five tokens, and cooldowns.
pub(super) fn check(url: &str) {
    let (mut one, mut other) = (Process::start(url), Process::start(url));
    for process in [&mut one, &mut other] {
        for _ in 0..2 {
            assert_eq!(process.ask("call acme"), "permit");
        }
    }
    assert_eq!(other.ask("call acme"), "permit");
    assert_eq!(one.ask("call acme"), "none");
    assert_eq!(other.ask("call acme"), "none");
    assert_eq!(one.ask("call globex"), "permit");
    assert_eq!(other.ask("cool globex 600"), "cooled");
    assert_eq!(one.ask("call globex"), "none");
    assert_eq!(one.ask("call initech"), "permit");
    // Neither of the two is left.
    drop((one, other));
    let mut last = Process::start(url);
    assert_eq!(last.ask("call acme"), "none");
    assert_eq!(last.ask("call globex"), "none");
    assert_eq!(last.ask("call initech"), "permit");
}

/// Two processes share the three tokens of each key, and the four of all keys.
pub(super) fn check_rows(url: &str) {
    let (mut one, mut other) = (Process::start(url), Process::start(url));
    assert_eq!(one.ask("both acme"), "permit");
    assert_eq!(other.ask("both acme"), "permit");
    assert_eq!(one.ask("both acme"), "permit");
    assert_eq!(other.ask("both acme"), "none", "the limit of the key");
    assert_eq!(other.ask("both globex"), "permit");
    assert_eq!(one.ask("both globex"), "none", "the limit of all keys");
    assert_eq!(one.ask("both initech"), "none", "the limit of all keys");
}
