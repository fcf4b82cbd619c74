//! Processes that share a limit, and what they were granted.

use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

/// If nothing is heard for so long, it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const RATE: u32 = 200;
pub(crate) const BURST: u32 = 20;

/// A line of a process, with the time of its receipt, which is never before it happened.
pub(crate) struct Heard {
    pub(crate) by: usize,
    pub(crate) line: String,
    pub(crate) at: Instant,
}

pub(crate) struct Crowd {
    pub(crate) begun: Instant,
    processes: Vec<Child>,
    ears: mpsc::Receiver<Heard>,
    /// When each permit was heard of.
    pub(crate) permits: Vec<Instant>,
    /// How many each process had.
    pub(crate) shares: Vec<usize>,
}

impl Crowd {
    pub(crate) fn start(url: &str, count: usize, policy: &str) -> Self {
        Self::start_with(url, count, policy, &[])
    }

    pub(crate) fn start_with(
        url: &str,
        count: usize,
        policy: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let begun = Instant::now();
        let (sender, ears) = mpsc::channel();
        let processes = (0..count)
            .map(|by| {
                let mut process = Command::new(env!("CARGO_BIN_EXE_redis_process"))
                    .args([url, "api"])
                    .args([RATE.to_string(), BURST.to_string(), "16".to_owned()])
                    .arg(policy)
                    .envs(environment.iter().copied())
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("the process starts");
                let mouth = process.stdout.take().expect("piped");
                let sender = sender.clone();
                std::thread::spawn(move || {
                    // A process that is killed may leave half a line.
                    for line in BufReader::new(mouth).lines().map_while(Result::ok) {
                        let at = Instant::now();
                        if sender.send(Heard { by, line, at }).is_err() {
                            break;
                        }
                    }
                });
                process
            })
            .collect();
        Self {
            begun,
            processes,
            ears,
            permits: Vec::new(),
            shares: vec![0; count],
        }
    }

    /// Returns the next line of any process.
    pub(crate) fn hear(&mut self) -> Heard {
        let heard = self.ears.recv_timeout(PATIENCE).expect("it does not hang");
        if heard.line == "permit" {
            self.permits.push(heard.at);
            self.shares[heard.by] += 1;
        }
        heard
    }

    /// Listens until so many more permits have been granted.
    pub(crate) fn permits(&mut self, count: usize) {
        let enough = self.permits.len() + count;
        while self.permits.len() < enough {
            self.hear();
        }
    }

    /// Listens until each has been granted a permit.
    pub(crate) fn permits_for_all(&mut self) {
        while self.shares.contains(&0) {
            self.hear();
        }
    }

    /// Listens for so long.
    pub(crate) fn listen(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.hear();
        }
    }

    pub(crate) fn tell(&mut self, by: usize, command: &str) {
        let ear = self.processes[by].stdin.as_mut().expect("piped");
        writeln!(ear, "{command}").expect("the process listens");
    }

    pub(crate) fn kill(&mut self, by: usize) {
        self.processes[by].kill().expect("the process runs");
        self.processes[by].wait().expect("the process ends");
    }

    /// No permit came earlier than the bucket allows, whatever happened: `extra` of them aside.
    pub(crate) fn check_envelope(&self, extra: f64) {
        for (number, at) in (0_u32..).zip(&self.permits) {
            let since = (*at - self.begun).as_secs_f64();
            let allowed = f64::from(BURST) + f64::from(RATE) * since + extra;
            assert!(
                f64::from(number + 1) <= allowed,
                "{} permits in {since} s, {:?}",
                number + 1,
                self.shares
            );
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for process in &mut self.processes {
            drop(process.kill());
            drop(process.wait());
        }
    }
}
