//! Processes that do what a test says.

use std::ffi::OsStr;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_sqlite_process");

/// A process that uses a store. Killed in the end.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    told: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Process {
    /// One that uses the store at this path.
    pub(super) fn start(path: &Path) -> Self {
        Self::spawn(Command::new(PROGRAM).arg(path))
    }

    /// One that a shell starts, which finds the program in `$0` and `path` in `$1`.
    pub(super) fn start_by(shell: &[&str], script: &str, path: &Path) -> Self {
        let run = ["sh", "-c", script, PROGRAM];
        let words = shell.iter().chain(&run);
        let words: Vec<_> = words.map(OsStr::new).chain([path.as_os_str()]).collect();
        Self::spawn(Command::new(words[0]).args(&words[1..]))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the process starts");
        Self {
            told: child.stdin.take().expect("a pipe"),
            said: BufReader::new(child.stdout.take().expect("a pipe")),
            child,
        }
    }

    /// Tells the process what to do.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.told, "{line}").expect("the process listens");
    }

    /// Returns its next line.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.tell(line);
        self.hear()
    }

    /// Sends a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &process]).status();
        assert!(status.expect("kill runs").success());
    }

    /// With SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("our own process");
    }
}

/// How many tokens it says were granted.
pub(super) fn granted(said: &str) -> u64 {
    let words: Vec<_> = said.split(' ').collect();
    match *words.as_slice() {
        ["granted", granted, ..] => granted.parse().expect("a number"),
        _ => panic!("{said}"),
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
