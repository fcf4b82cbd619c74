use super::*;
use crate::limiter::request::Request;
use crate::time::Span;

/// A queue, with the runtime that its waiters name.
struct Bench {
    queue: Queue,
    runtime: RuntimeId,
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        Self {
            queue: Queue::new(),
            runtime: runtime.expect("no driver is needed").handle().id(),
        }
    }

    /// Adds a waiter of this priority and cost.
    fn join(&mut self, priority: Priority, cost: u32, reports: bool) -> u32 {
        let costs = Costs::first(cost);
        let request = Request {
            costs,
            priority,
            reports,
            ..Request::ONE
        };
        let waker = Waker::noop().clone();
        let waiter = Waiter::new(waker, request, at(0), Span::ZERO, self.runtime);
        self.queue.join(waiter, &costs)
    }

    fn first(&mut self) -> u32 {
        self.join(Priority::First, 1, true)
    }

    fn grant(&mut self, index: u32, now: Instant) {
        let waker = self.queue.grant(index, Instant::FAR, now);
        assert!(
            waker.is_some(),
            "a waiter that is granted a permit is woken"
        );
    }
}

/// Returns the instant this many nanoseconds after the epoch.
const fn at(count: u64) -> Instant {
    Instant::from_nanos(count)
}

#[test]
fn waiters_of_one_priority_are_served_in_the_order_in_which_they_joined() {
    let mut bench = Bench::new();
    let [one, two, three] = [(); 3].map(|()| bench.first());
    assert_eq!(bench.queue.in_order(), [one, two, three]);
    assert_eq!(bench.queue.head(), Some(one));
    assert!(bench.queue.is_behind(two) && !bench.queue.is_behind(one));
}

#[test]
fn a_retry_is_served_before_first_attempts() {
    let mut bench = Bench::new();
    let first = bench.first();
    let retry = bench.join(Priority::Retries, 1, true);
    assert_eq!(bench.queue.in_order(), [retry, first]);
}

#[test]
fn costs_ahead_are_those_of_the_same_and_of_earlier_priorities() {
    let mut bench = Bench::new();
    bench.join(Priority::First, 5, true);
    bench.join(Priority::Retries, 3, true);
    assert_eq!(bench.queue.cost_ahead(Priority::Returned), 0);
    assert_eq!(bench.queue.cost_ahead(Priority::Retries), 3);
    assert_eq!(bench.queue.cost_ahead(Priority::First), 8);
}

#[test]
fn a_waiter_that_leaves_keeps_the_order_of_the_others_and_frees_its_place() {
    let mut bench = Bench::new();
    let [one, two, three] = [(); 3].map(|()| bench.first());
    bench.queue.leave(two);
    assert_eq!(bench.queue.in_order(), [one, three]);
    assert_eq!(bench.first(), two);
    assert_eq!(bench.queue.in_order(), [one, three, two]);
    assert_eq!(bench.queue.waiting(), 3);
}

#[test]
fn a_granted_waiter_waits_no_longer_and_the_oldest_grant_is_known() {
    let mut bench = Bench::new();
    let [one, two, three] = [(); 3].map(|()| bench.first());
    bench.grant(two, at(5));
    bench.grant(one, at(6));
    assert_eq!(bench.queue.in_order(), [three]);
    assert_eq!(bench.queue.oldest_grant(), Some(two));
    assert_eq!(bench.queue.waiter(two).since, at(5));
    assert_eq!(bench.queue.granted_attempts(), 2);
}

#[test]
fn revoked_permits_return_their_waiters_to_the_front_in_order() {
    let mut bench = Bench::new();
    let [one, two] = [2, 3].map(|cost| bench.join(Priority::First, cost, true));
    let three = bench.first();
    bench.grant(one, at(5));
    bench.grant(two, at(5));
    bench.queue.hold(one);
    assert_eq!(bench.queue.revoke(), 5);
    assert_eq!(bench.queue.in_order(), [one, two, three]);
    assert_eq!(bench.queue.revoke(), 0);
}

#[test]
fn an_unused_permit_is_known_by_its_instant_if_its_caller_reports() {
    let mut bench = Bench::new();
    let [reporting, silent] = [true, false].map(|reports| bench.join(Priority::First, 1, reports));
    bench.grant(reporting, at(5));
    bench.grant(silent, at(6));
    assert!(bench.queue.holds_unused(at(5)));
    assert!(!bench.queue.holds_unused(at(6)));
}

#[test]
fn a_waiter_that_missed_its_permit_comes_back_ahead_of_all_others() {
    let mut bench = Bench::new();
    let [late, other] = [(); 2].map(|()| bench.first());
    bench.join(Priority::Retries, 1, true);
    bench.grant(late, at(5));
    drop(bench.queue.decide(late, WaiterState::Absent));
    assert_eq!(bench.queue.waiting(), 2);
    bench.queue.come_back(late, at(9));
    assert_eq!(bench.queue.head(), Some(late));
    assert_eq!(bench.queue.returned(), [late]);
    assert!(bench.queue.is_behind(other));
}

#[test]
fn a_probe_is_a_waiter_that_reports_and_rather_a_first_attempt_than_a_retry() {
    let mut bench = Bench::new();
    bench.join(Priority::First, 1, false);
    assert_eq!(bench.queue.probe(), None);
    let retry = bench.join(Priority::Retries, 1, true);
    assert_eq!(bench.queue.probe(), Some(retry));
    let first = bench.first();
    assert_eq!(bench.queue.probe(), Some(first));
}

#[test]
fn a_long_queue_is_freed_with_its_last_waiter() {
    let mut bench = Bench::new();
    let all: Vec<u32> = (0..=KEEP).map(|_| bench.first()).collect();
    for index in all {
        bench.queue.leave(index);
    }
    assert_eq!(bench.queue.places.capacity(), 0);
    assert_eq!(bench.first(), 0);
}
