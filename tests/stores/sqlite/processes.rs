//! Several processes on one file.

use std::path::Path;
use std::time::Duration;

use super::folder::Folder;
use super::running::Process;
use super::running::granted;

/// Interval of the limit that the processes share.
const INTERVAL: u64 = 2000;
const BURST: u64 = 100;

/// How long they hammer, in the store's ticks: they have to overlap. Half a second.
const HAMMER: u64 = 2_000_000;

#[derive(Clone, Copy, Debug)]
struct Hammered {
    granted: u64,
    from: u64,
    to: u64,
}

fn hammered(said: &str) -> Hammered {
    let words: Vec<_> = said.split(' ').collect();
    let ["granted", granted, "from", from, "to", to] = *words.as_slice() else {
        panic!("{said}");
    };
    let number = |text: &str| text.parse().expect("a number");
    Hammered {
        granted: number(granted),
        from: number(from),
        to: number(to),
    }
}

fn start(count: usize, path: &Path) -> Vec<Process> {
    (0..count).map(|_| Process::start(path)).collect()
}

#[test]
fn all_processes_together_keep_to_the_envelope_and_each_gets_a_share() {
    const COUNT: u64 = 6;
    let folder = Folder::new();
    let mut processes = start(6, &folder.file());
    for process in &mut processes {
        process.tell(&format!("hammer key {HAMMER}"));
    }
    // Any error at all, such as that the file is locked, would not read as this.
    let all: Vec<_> = processes.iter_mut().map(|p| hammered(&p.hear())).collect();
    let from = all.iter().map(|one| one.from).min().expect("some");
    let to = all.iter().map(|one| one.to).max().expect("some");
    let granted: u64 = all.iter().map(|one| one.granted).sum();
    let allowed = BURST + (to - from) / INTERVAL;
    assert!(granted <= allowed, "{granted} of {allowed}: {all:?}");
    // They asked all the time, so nothing that was free was left.
    let least = HAMMER / INTERVAL / 2;
    assert!(granted >= least, "{granted} of {allowed}: {all:?}");
    for one in &all {
        let share = granted / COUNT;
        assert!(one.granted >= share / 20, "{} of {all:?}", one.granted);
    }
    folder.check();
}

#[test]
fn many_processes_create_the_file_at_once() {
    let folder = Folder::new();
    let mut processes = start(8, &folder.file());
    for process in &mut processes {
        process.tell("draw key 30");
    }
    let said: Vec<_> = processes.iter_mut().map(Process::hear).collect();
    // More may have flowed in meanwhile.
    let granted: u64 = said.iter().map(|said| granted(said)).sum();
    assert!(granted >= BURST, "{said:?}");
    folder.check();
    let version =
        "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id";
    let found: (i32, i32) = folder
        .connect()
        .query_row(version, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("both");
    assert_eq!(found, (2, 0x7061_6364));
}

#[test]
fn a_cooldown_holds_in_all_processes_and_for_those_that_start_later() {
    const HOUR: u64 = 3600 * 4_000_000;
    let folder = Folder::new();
    let (mut one, mut other) = (
        Process::start(&folder.file()),
        Process::start(&folder.file()),
    );
    assert_eq!(other.ask("draw key 1"), "granted 1 paused 0");
    assert_eq!(
        one.ask(&format!("pause key {HOUR}")),
        format!("granted 0 paused {HOUR}")
    );
    let is_paused = |process: &mut Process| {
        let said = process.ask("draw key 1");
        let left = said.strip_prefix("granted 0 paused ").expect(&said);
        let left: u64 = left.parse().expect("a number");
        assert!(left > HOUR / 2 && left <= HOUR, "{said}");
    };
    is_paused(&mut other);
    // No process is left, and none had the time to close the file.
    one.kill();
    other.kill();
    is_paused(&mut Process::start(&folder.file()));
    // Closed in good order.
    let mut last = Process::start(&folder.file());
    is_paused(&mut last);
    is_paused(&mut Process::start(&folder.file()));
}

#[test]
fn processes_that_are_killed_leave_the_others_alone_and_the_file_whole() {
    let folder = Folder::new();
    let mut survivor = Process::start(&folder.file());
    survivor.ask("draw other 100");
    for _ in 0..10 {
        let mut victims = start(3, &folder.file());
        for victim in &mut victims {
            // For as long as it lives.
            victim.tell(&format!("hammer key {}", u64::MAX / 4));
        }
        let said = survivor.ask("hammer key 200000");
        assert!(hammered(&said).granted > 0, "{said}");
        victims.iter_mut().for_each(Process::kill);
        let said = survivor.ask("hammer key 20000");
        assert!(said.starts_with("granted"), "{said}");
        folder.check();
    }
    // And is still limited.
    let said = hammered(&survivor.ask(&format!("hammer key {HAMMER}")));
    let allowed = BURST + (said.to - said.from) / INTERVAL;
    assert!(said.granted <= allowed, "{said:?}");
}

#[test]
fn a_process_that_is_killed_while_it_creates_the_file_leaves_a_good_one_or_none() {
    for nth in 0..40 {
        let folder = Folder::new();
        let mut victim = Process::start(&folder.file());
        victim.tell("draw key 1");
        // Real time, for the other process to get somewhere: it needs a few milliseconds in all.
        std::thread::sleep(Duration::from_micros(nth * 200));
        victim.kill();
        let said = Process::start(&folder.file()).ask("draw key 200");
        assert!(granted(&said) >= BURST - 1, "{said}");
        folder.check();
    }
}
