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

    /// Watches the leases for so long.
    async fn watch(&self, seconds: u64) {
        let end = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < end {
            self.leases().await;
            sleep(Duration::from_millis(50));
        }
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
}

#[tokio::test]
async fn slots_of_processes_that_are_killed_or_stopped_are_used_by_others() {
    let mut fleet = Fleet::start();
    fleet.watch(5).await;
    for process in 0..4 {
        let (_, granted) = fleet.ask(process);
        assert!(granted > 20, "process {process}: {granted}");
    }
    fleet.processes[0].kill();
    fleet.watch(11).await;
    assert!(fleet.most_in_flight(&[1, 2, 3]) >= u64::from(SLOTS) - 1);
    fleet.processes[1].signal("-STOP");
    fleet.watch(12).await;
    assert!(fleet.most_in_flight(&[2, 3]) >= u64::from(SLOTS) - 1);
    fleet.processes[1].signal("-CONT");
    fleet.watch(2).await;
    let before = fleet.ask(1).1;
    fleet.watch(5).await;
    assert!(fleet.ask(1).1 > before, "it has its part again");
    drop(fleet.processes);
    fleet.folder.check();
}
