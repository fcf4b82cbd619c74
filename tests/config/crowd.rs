//! A configuration of 1,000 limiters is applied while 100 tasks call them.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use paced::Limiter;

use crate::applied;
use crate::apply;
use crate::quota;
use crate::turn;

const LIMITERS: usize = 1000;
const TASKS: usize = 100;

fn name(number: usize) -> String {
    format!("crowd_{number}")
}

fn text(rate: u32) -> String {
    (0..LIMITERS)
        .map(|number| format!("[limiter.{}]\nrate = {rate}\n", name(number)))
        .collect::<Vec<_>>()
        .concat()
}

fn declared(number: usize) -> Limiter {
    let limiter = Limiter::builder(quota("1000/s", 1000)).name(&name(number));
    limiter.build().expect("all declare the same")
}

/// Calls the limiters one after the other, each declared when it is first called.
async fn call(task: usize, over: Arc<AtomicBool>, calls: Arc<AtomicU64>) {
    let mut number = task;
    while !over.load(Ordering::Relaxed) {
        number = (number + TASKS + 1) % LIMITERS;
        declared(number).acquire().await.expect("a permit");
        calls.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_limiters_change_while_a_hundred_tasks_call_them() {
    let _turn = turn().await;
    let (over, calls) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| tokio::spawn(call(task, Arc::clone(&over), Arc::clone(&calls))))
        .collect();
    let texts = [500, 2000].map(text);
    for round in 0..20 {
        let until = calls.load(Ordering::Relaxed) + 200;
        apply(&texts[round % 2]);
        while calls.load(Ordering::Relaxed) < until {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let handles: Vec<_> = (0..LIMITERS).map(declared).collect();
    let config = applied(&texts[0]);
    over.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no panic");
    }
    assert_eq!(config.unused().len(), 0);
    for handle in &handles {
        assert_eq!(handle.snapshot().quota, quota("500/s", 500), "{handle:?}");
    }
    apply("");
    for handle in &handles {
        assert_eq!(handle.snapshot().quota, quota("1000/s", 1000), "{handle:?}");
    }
}
