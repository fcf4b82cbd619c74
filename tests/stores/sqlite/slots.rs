//! Slots that real processes share, one of which is killed, and one stopped.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::SqliteStore;
use paced::store::Store as _;
use paced::store::Ticks;

use super::Folder;
use super::open;
use super::running::Process;

const PROGRAM: &str = env!("CARGO_BIN_EXE_slots_process");
const SLOTS: u32 = 8;

/// Longest time for any step: a lease that is not renewed ends after 10 s.
const PATIENCE: Duration = Duration::from_secs(60);

struct Fleet {
    folder: Folder,
    store: SqliteStore,
    processes: Vec<Process>,
}

impl Fleet {
    fn start() -> Self {
        let folder = Folder::new();
        let store = open(&folder);
        let start = |_| {
            let mut command = Command::new(PROGRAM);
            let command = command.arg(folder.file()).args(["8", "6"]);
            Process::spawn(command)
        };
        let processes = (0..4).map(start).collect();
        Self {
            folder,
            store,
            processes,
        }
    }

    /// Returns the slots of each lease in the store.
    async fn leases(&self) -> Vec<u32> {
        let limits = Limits::one(Limit::new(Ticks::from_millis(1), 1000));
        let request = Request::new(Action::Peek, limits);
        let reply = self.store.transact("shared", &request).await;
        let state = reply.expect("a reply").state;
        let held: Vec<_> = state.leases.iter().map(|lease| lease.held).collect();
        assert!(held.iter().sum::<u32>() <= SLOTS, "{held:?}");
        held
    }

    /// Returns the calls in flight, and those that there have been, of a process.
    fn ask(&mut self, process: usize) -> (u64, u64) {
        let said = self.processes[process].ask("how many");
        let (in_flight, granted) = said.split_once(' ').expect("two numbers");
        let number = |text: &str| text.parse().expect("a number");
        (number(in_flight), number(granted))
    }

    /// Calls in flight of these processes together, at most in some samples.
    fn most_in_flight(&mut self, processes: &[usize]) -> u64 {
        let mut most = 0;
        for _ in 0..20 {
            let in_flight = processes.iter().map(|&at| self.ask(at).0).sum();
            most = most.max(in_flight);
            sleep(Duration::from_millis(30));
        }
        most
    }

    /// Watches the leases until `holds`. How long that takes depends on the machine.
    async fn watch_until(&mut self, what: &str, holds: impl Fn(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            self.leases().await;
            assert!(Instant::now() < end, "{what}");
            sleep(Duration::from_millis(50));
        }
    }
}

#[tokio::test]
async fn slots_of_processes_that_are_killed_or_stopped_are_used_by_others() {
    let mut fleet = Fleet::start();
    for process in 0..4 {
        let runs = |fleet: &mut Fleet| fleet.ask(process).1 > 6;
        fleet.watch_until("each process has its part", runs).await;
    }
    fleet.processes[0].kill();
    // The part of each of three processes, 8 / 3, is rounded down.
    let used = |fleet: &mut Fleet| fleet.most_in_flight(&[1, 2, 3]) >= 6;
    fleet.watch_until("three use the slots", used).await;
    fleet.processes[1].signal("-STOP");
    let used = |fleet: &mut Fleet| fleet.most_in_flight(&[2, 3]) >= u64::from(SLOTS) - 1;
    fleet.watch_until("two use the slots", used).await;
    fleet.processes[1].signal("-CONT");
    let before = fleet.ask(1).1;
    let more = |fleet: &mut Fleet| fleet.ask(1).1 > before + 4;
    fleet.watch_until("it has its part again", more).await;
    drop(fleet.processes);
    fleet.folder.check();
}
