//! Several processes, one limit. A server and processes keep real time, so these tests do as well.

use std::time::Duration;
use std::time::Instant;

use super::crowd::BURST;
use super::crowd::Crowd;
use super::crowd::RATE;
use super::server::Server;

#[test]
fn processes_together_keep_to_one_limit() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut crowd = Crowd::start(&server.url(), 4, "closed");
    crowd.permits(500);
    crowd.permits_for_all();
    crowd.check_envelope(0.0);
}

#[test]
fn a_cooldown_that_one_was_told_of_holds_for_all() {
    const PAUSE: Duration = Duration::from_secs(3);
    let Some(server) = Server::start() else {
        return;
    };
    let mut crowd = Crowd::start(&server.url(), 3, "closed");
    crowd.permits(200);
    let told = Instant::now();
    crowd.tell(0, &format!("cool {}", PAUSE.as_millis()));
    while crowd.hear().line != "cooled" {}
    // What was granted before may be heard of late: half of the pause is left for that.
    let settled = Instant::now() + PAUSE / 2;
    let before = crowd.permits.len();
    crowd.permits(200);
    let after = &crowd.permits[before..];
    let during = after
        .iter()
        .filter(|at| **at > settled && **at < told + PAUSE);
    assert_eq!(during.count(), 0, "permits during the pause");
    // Then at the paced rate, with nothing saved up.
    let reopened = after.iter().filter(|at| **at >= told + PAUSE);
    for (number, at) in (1_u32..).zip(reopened) {
        let earliest = told + PAUSE + Duration::from_secs(1) * number / RATE;
        assert!(
            *at >= earliest,
            "permit {number} {:?} early",
            earliest - *at
        );
    }
}

#[test]
fn a_killed_process_takes_few_tokens_with_it() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut crowd = Crowd::start(&server.url(), 4, "closed");
    crowd.permits(200);
    let before = Instant::now();
    crowd.permits(300);
    let usual = before.elapsed();
    crowd.kill(1);
    let killed = Instant::now();
    crowd.permits(300);
    crowd.check_envelope(0.0);
    // 1.5 s where nothing is lost, and as much longer as it was before where the machine is busy.
    let (longest, took) = (3 * usual + Duration::from_secs(2), killed.elapsed());
    assert!(took < longest, "{took:?}, {usual:?} before");
}

#[test]
fn while_the_server_is_away_each_keeps_to_its_share() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let mut crowd = Crowd::start(&server.url(), 4, "local");
    crowd.permits(300);
    server.kill();
    let before = crowd.permits.len();
    crowd.listen(Duration::from_secs(2));
    let alone = crowd.permits.len() - before;
    // 360 of them, at nine tenths of the rate; a few at least, and never more than the limit.
    assert!(alone > 40, "{alone}");
    crowd.check_envelope(f64::from(BURST));

    server.start_again();
    crowd.permits(300);
    while server.tell::<u64>(&["EXISTS", "paced2:{api}"]) == 0 {
        crowd.hear();
        assert!(crowd.permits.len() < 20_000, "it is not used again");
    }
    crowd.check_envelope(f64::from(BURST));
}

#[test]
fn no_loss_of_the_server_lets_more_through() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let mut crowd = Crowd::start(&server.url(), 3, "closed");
    crowd.permits(100);
    let _: () = server.tell(&["FLUSHALL"]);
    crowd.permits(100);
    let _: () = server.tell(&["SCRIPT", "FLUSH"]);
    crowd.permits(100);
    let _: u64 = server.tell(&["CLIENT", "KILL", "TYPE", "normal"]);
    crowd.permits(100);
    server.kill();
    server.start_again();
    crowd.permits(100);
    server.stop();
    // Long enough for all of them to have noticed.
    std::thread::sleep(Duration::from_millis(500));
    server.go_on();
    crowd.permits(100);
    crowd.check_envelope(0.0);
}
