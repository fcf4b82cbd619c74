//! Lists of actions: `step`, and what limiters send.

use paced::store::Action;
use paced::store::Request;
use paced::store::State;
use paced::store::Wait;
use paced::store::step;

use crate::stepping::START;
use crate::stepping::T;
use crate::stepping::ask;
use crate::stepping::draw;
use crate::stepping::limits;

#[test]
fn a_list_is_done_in_its_order_as_one() {
    let learn = Action::Learn {
        interval: 2 * T,
        duration: 600 * T,
    };
    let pause = Action::Pause { duration: 7 * T };
    let actions = [pause, learn, draw(1), draw(1), Action::Peek];
    let mut request = Request::new(actions[0], limits());
    for action in &actions[1..] {
        request = request.then(*action);
    }
    let (mut state, mut other) = (State::default(), State::default());
    let reply = step(&mut state, START, &request);
    let (now, after) = (reply.now, reply.state);
    assert_eq!((now, after), (START, state));
    let waits = [8, 9, 9, 11, 13].map(|seconds| Wait::ahead(seconds * T));
    assert_eq!([0, 1, 2, 3, 4].map(|nth| reply.answers[nth].wait), waits);
    assert_eq!(reply.granted(), 2);
    // The same as one by one, where nothing comes in between.
    for (action, answer) in actions.into_iter().zip(reply.answers.iter()) {
        assert_eq!(ask(&mut other, START, action).last(), *answer);
    }
    assert_eq!(state, other);
    // Too late, none of them is done.
    let late = step(&mut state, START + T, &request.not_after(START));
    assert!(late.stale && late.answers.len() == 5 && late.state == other);
}
