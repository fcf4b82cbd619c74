//! Fair parts of the slots of a limited concurrency: all are used, none is used twice, and no process is starved.

use paced::store::Action;
use paced::store::State;
use paced::store::Ticks;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::stepping::SECOND;
use crate::stepping::START;
use crate::stepping::ask;

/// A process: the slots that it believes to hold, its calls in flight, and all its callers.
#[derive(Clone, Copy, Debug, Default)]
struct Process {
    held: u32,
    callers: u32,
    is_alive: bool,
    /// Rounds since it had a slot.
    starved: u32,
}

/// Processes that share slots through one state.
struct Fleet {
    most: u32,
    now: Ticks,
    state: State,
    processes: Vec<Process>,
}

impl Fleet {
    fn new(most: u32, callers: &[u32]) -> Self {
        let process = |&callers| Process {
            callers,
            is_alive: true,
            ..Process::default()
        };
        Self {
            most,
            now: START,
            state: State::default(),
            processes: callers.iter().map(process).collect(),
        }
    }

    /// A process asks for a slot for each of its callers, after `ended` calls of it have ended.
    fn claim(&mut self, at: usize, ended: u32) {
        let process = self.processes[at];
        let held = process.held.saturating_sub(ended).min(process.callers);
        let waiting = process.callers - held;
        let action = Action::Slots {
            process: at as u64,
            most: self.most,
            want: waiting,
            held,
            waiting,
        };
        let held = ask(&mut self.state, self.now, action).granted();
        self.processes[at].held = held;
        let leased: u32 = self.state.leases.iter().map(|lease| lease.held).sum();
        assert!(leased <= self.most, "{:?}", self.state.leases);
    }

    /// A call of each process ends, and each asks again for what its callers wait for.
    fn round(&mut self) {
        for ended in [1, 0] {
            for at in 0..self.processes.len() {
                if self.processes[at].is_alive {
                    self.claim(at, ended);
                }
            }
        }
        for process in &mut self.processes {
            let is_starved = process.is_alive && process.callers > 0 && process.held == 0;
            process.starved = if is_starved { process.starved + 1 } else { 0 };
        }
    }

    fn rounds(&mut self, count: u32) {
        (0..count).for_each(|_| self.round());
    }

    fn held(&self) -> Vec<u32> {
        self.processes.iter().map(|it| it.held).collect()
    }
}

#[test]
fn three_processes_use_all_of_eight_slots() {
    let mut fleet = Fleet::new(8, &[6, 6, 6]);
    // The first takes what its callers need, and gives back what is above its part.
    fleet.claim(0, 0);
    fleet.claim(1, 0);
    fleet.claim(2, 0);
    assert_eq!(fleet.held(), [6, 2, 0]);
    fleet.rounds(4);
    assert_eq!(fleet.held(), [3, 3, 2]);
    fleet.rounds(100);
    assert_eq!(fleet.held(), [3, 3, 2], "they stay");
}

#[test]
fn five_processes_use_all_of_eight_slots() {
    let mut fleet = Fleet::new(8, &[6; 5]);
    fleet.rounds(8);
    assert_eq!(fleet.held(), [2, 2, 2, 1, 1]);
}

#[test]
fn a_small_process_has_a_slot_beside_large_ones() {
    let mut fleet = Fleet::new(8, &[20, 20, 1]);
    fleet.rounds(20);
    assert_eq!(fleet.held(), [4, 3, 1]);
    let mut fleet = Fleet::new(8, &[1000, 1, 1, 1, 1, 1, 1, 1]);
    fleet.rounds(20);
    assert_eq!(fleet.held(), [1; 8]);
}

#[test]
fn what_some_do_not_need_is_for_the_others() {
    let mut fleet = Fleet::new(8, &[2, 30, 1]);
    fleet.rounds(20);
    assert_eq!(fleet.held(), [1, 6, 1]);
    fleet.processes[0].callers = 0;
    fleet.rounds(2);
    assert_eq!(fleet.held(), [0, 7, 1]);
    fleet.processes[2].callers = 0;
    fleet.rounds(2);
    assert_eq!(fleet.held(), [0, 8, 0]);
}

#[test]
fn nine_processes_take_turns_in_eight_slots() {
    let mut fleet = Fleet::new(8, &[3; 9]);
    fleet.rounds(9);
    let mut turns = [0; 9];
    for _ in 0..90 {
        // The turn of the first one ends, as a limiter ends it.
        let first = fleet.state.leases.iter().find(|lease| lease.held > 0);
        let first = first.expect("one with slots").process;
        fleet.claim(usize::try_from(first).expect("an index"), 1);
        (0..9).for_each(|at| fleet.claim(at, 0));
        let held = fleet.held();
        assert_eq!(held.iter().sum::<u32>(), 8, "all are used");
        let without = held.iter().position(|held| *held == 0);
        turns[without.expect("one")] += 1;
    }
    assert_eq!(turns, [10; 9]);
}

#[test]
fn two_processes_take_turns_in_one_slot() {
    let mut fleet = Fleet::new(1, &[5, 1]);
    let mut turns = Vec::new();
    for _ in 0..6 {
        fleet.round();
        turns.push(fleet.held());
    }
    assert_eq!(turns, [[1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1]]);
}

#[test]
fn sixty_four_processes_take_turns_in_three_slots() {
    let mut fleet = Fleet::new(3, &[2; 64]);
    for _ in 0..500 {
        fleet.round();
        assert_eq!(fleet.held().iter().sum::<u32>(), 3);
        // 61 of them wait, and three have their turn in each round.
        let longest = fleet.processes.iter().map(|it| it.starved).max();
        assert!(longest <= Some(21), "{longest:?}");
    }
}

/// Changes what some processes need, kills some, and starts others.
fn disturb(fleet: &mut Fleet, dice: &mut StdRng) {
    for process in &mut fleet.processes {
        match dice.random_range(0..20) {
            0 => process.callers = dice.random_range(0..12),
            // `kill -9`: what it held is leased until its lease ends. Another one of its number holds nothing.
            1 => process.is_alive = false,
            2 if !process.is_alive => {
                process.is_alive = true;
                process.held = 0;
            }
            _ => {}
        }
    }
}

/// Checks that all slots that are wanted are used, and that a process with callers has one within as many rounds as others
/// are before it.
fn check_use(fleet: &Fleet, case: u64) {
    let alive = || fleet.processes.iter().filter(|it| it.is_alive);
    let wanted: u32 = alive().map(|it| it.callers).sum();
    let held: u32 = alive().map(|it| it.held).sum();
    assert_eq!(
        held,
        wanted.min(fleet.most),
        "case {case}: {:?}",
        fleet.processes
    );
    let count = alive().filter(|it| it.callers > 0).count();
    let others = u32::try_from(count).expect("few");
    let longest = alive().map(|it| it.starved).max().unwrap_or_default();
    assert!(
        longest <= others.div_ceil(fleet.most),
        "case {case}: {longest}"
    );
}

#[test]
fn slots_are_used_by_all_and_never_twice_whatever_processes_do() {
    for case in 0..150 {
        let dice = &mut StdRng::seed_from_u64(case);
        let processes = dice.random_range(1..12);
        let mut fleet = Fleet::new(dice.random_range(1..10), &vec![0; processes]);
        for _ in 0..dice.random_range(1..6) {
            for _ in 0..dice.random_range(1..30) {
                disturb(&mut fleet, dice);
                let at = dice.random_range(0..processes);
                if fleet.processes[at].is_alive {
                    fleet.claim(at, dice.random_range(0..3));
                }
                fleet.now = fleet.now + SECOND * dice.random_range(0..3);
            }
            // Others go on meanwhile, until the leases of those that are gone have ended.
            for round in 0..60 {
                fleet.now = fleet.now + SECOND / 2;
                fleet.round();
                if round >= 40 {
                    check_use(&fleet, case);
                }
            }
        }
    }
}
