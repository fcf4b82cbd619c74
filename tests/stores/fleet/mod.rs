//! Slots that real processes share, one of which is killed, and one stopped.

use core::time::Duration;
use std::process::Command;
use std::time::Instant;

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::State;
use paced::store::Store;
use paced::store::Ticks;
use tokio::time::sleep;

use crate::sqlite::running::Process;

const PROGRAM: &str = env!("CARGO_BIN_EXE_slots_process");
const SLOTS: u32 = 8;

/// Longest time for any step: a lease that is not renewed ends after 10 s.
const PATIENCE: Duration = Duration::from_secs(60);

struct Fleet<'a> {
    store: &'a dyn Store,
    processes: Vec<Process>,
}

impl<'a> Fleet<'a> {
    fn start(url: &str, store: &'a dyn Store) -> Self {
        let start = |_| Process::spawn(Command::new(PROGRAM).args([url, "8", "6"]));
        Self {
            store,
            processes: (0..4).map(start).collect(),
        }
    }

    /// Returns the state in the store, and its time.
    async fn state(&self) -> (State, Ticks) {
        let limits = Limits::one(Limit::new(Ticks::from_millis(1), 1000));
        let request = Request::new(Action::Peek, limits);
        let reply = self.store.transact("shared", &request).await;
        let reply = reply.expect("a reply");
        let live = reply.state.leases.iter().filter(|it| it.until > reply.now);
        let held: u32 = live.map(|lease| lease.held).sum();
        assert!(held <= SLOTS, "{:?}", reply.state.leases);
        (reply.state, reply.now)
    }

    /// Returns the calls in flight, and those that there have been, of a process.
    fn count(&mut self, process: usize) -> (u64, u64) {
        let said = self.processes[process].ask("count");
        let (in_flight, granted) = said.split_once(' ').expect("two numbers");
        let number = |text: &str| text.parse().expect("a number");
        (number(in_flight), number(granted))
    }

    /// Calls in flight of these processes together, at most in some samples.
    async fn most_in_flight(&mut self, processes: &[usize]) -> u64 {
        let mut most = 0;
        for _ in 0..20 {
            let in_flight = processes.iter().map(|&at| self.count(at).0).sum();
            most = most.max(in_flight);
            self.state().await;
            sleep(Duration::from_millis(30)).await;
        }
        most
    }

    /// Waits until these processes use all slots.
    async fn use_all(&mut self, processes: &[usize]) {
        let end = Instant::now() + PATIENCE;
        while self.most_in_flight(processes).await < u64::from(SLOTS) {
            assert!(Instant::now() < end, "{processes:?} use the slots");
        }
    }

    /// Waits until `holds`. How long that takes depends on the machine.
    async fn wait_until(&mut self, what: &str, holds: impl Fn(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            self.state().await;
            assert!(Instant::now() < end, "{what}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Checks four processes that share slots in this store.
pub(crate) async fn check(url: &str, store: &dyn Store) {
    let mut fleet = Fleet::start(url, store);
    for process in 0..4 {
        let runs = |fleet: &mut Fleet<'_>| fleet.count(process).1 > 6;
        fleet.wait_until("each process has its part", runs).await;
    }
    fleet.processes[0].kill();
    let (state, now) = fleet.state().await;
    let last = state.leases.iter().map(|lease| lease.until).max();
    assert!(
        last <= Some(now + Ticks::from_secs(10)),
        "{last:?}, {now:?}"
    );
    fleet.use_all(&[1, 2, 3]).await;
    stop_and_go_on(&mut fleet, 1, &[2, 3]).await;
}

/// Checks what becomes of a process that is stopped for longer than its lease, with calls in flight.
async fn stop_and_go_on(fleet: &mut Fleet<'_>, stopped: usize, others: &[usize]) {
    fleet.processes[stopped].tell("keep");
    let runs = |fleet: &mut Fleet<'_>| fleet.count(stopped).0 > 0;
    fleet.wait_until("it has calls in flight", runs).await;
    fleet.processes[stopped].signal("-STOP");
    fleet.use_all(others).await;
    fleet.processes[stopped].signal("-CONT");
    let lost = |fleet: &mut Fleet<'_>| -> u64 {
        let said = fleet.processes[stopped].ask("events");
        said.parse().expect("a number")
    };
    let tells = |fleet: &mut Fleet<'_>| lost(fleet) > 0;
    fleet.wait_until("it tells of its calls", tells).await;
    let (in_flight, before) = fleet.count(stopped);
    let lost = lost(fleet);
    assert!(lost <= in_flight, "{lost} of {in_flight} calls");
    // They are counted: others have so many fewer.
    let taken = |fleet: &mut Fleet<'_>| {
        let theirs: u64 = others.iter().map(|&at| fleet.count(at).0).sum();
        theirs + fleet.count(stopped).0 <= u64::from(SLOTS)
    };
    fleet.wait_until("its calls have slots again", taken).await;
    fleet.processes[stopped].tell("go on");
    let more = |fleet: &mut Fleet<'_>| fleet.count(stopped).1 > before + 4;
    fleet.wait_until("it has its part again", more).await;
}
