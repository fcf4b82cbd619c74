//! `step` with a pace that was learnt.

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::State;
use paced::store::Ticks;
use paced::store::Wait;
use paced::store::step;

use crate::stepping::BURST;
use crate::stepping::START;
use crate::stepping::T;
use crate::stepping::ask;
use crate::stepping::draw;
use crate::stepping::granted;
use crate::stepping::learn_pace;

#[test]
fn what_is_learnt_spaces_tokens_and_saves_nothing_up() {
    let mut state = State::default();
    let learn = learn_pace(4 * T, 100 * T);
    // The answer knows it already: one token at once.
    assert_eq!(granted(&mut state, START, learn), (0, Wait::NONE));
    assert_eq!(granted(&mut state, START, draw(9)), (1, Wait::NONE));
    assert_eq!(granted(&mut state, START, draw(9)), (1, Wait::ahead(4 * T)));
    // Forty idle seconds later there is one, and not ten.
    assert_eq!(
        granted(&mut state, START + 48 * T, draw(9)),
        (1, Wait::NONE)
    );
    assert_eq!(
        granted(&mut state, START + 48 * T, draw(9)),
        (1, Wait::ahead(4 * T))
    );
    // When it ends, the declared rate goes on, without a burst.
    assert_eq!(
        granted(&mut state, START + 100 * T, Action::Peek).1,
        Wait::past(9 * T)
    );
}

#[test]
fn what_is_learnt_does_not_close_an_empty_bucket_for_longer_than_one_interval() {
    let limits = Limits::one(Limit::new(T, 3600));
    let mut state = State::default();
    let mut ask = |action| step(&mut state, START, &Request::new(action, limits));
    ask(draw(3600));
    let learnt = ask(learn_pace(18 * T, 1800 * T));
    assert_eq!(learnt.last().wait, Wait::ahead(18 * T));
}

#[test]
fn what_is_learnt_may_be_slower_than_all_that_is_declared() {
    let mut state = State::default();
    let hour = 3600 * T;
    let learn = learn_pace(hour, 10 * hour);
    ask(&mut state, START, learn);
    assert_eq!(granted(&mut state, START, draw(1)), (1, Wait::NONE));
    // Long after what the declared limit would have it wait for.
    assert_eq!(
        granted(&mut state, START + hour / 2, draw(1)),
        (1, Wait::ahead(hour / 2))
    );
}

#[test]
fn what_is_learnt_never_loosens_and_can_be_taken_back() {
    let mut state = State::default();
    let learn = |interval, duration| learn_pace(interval, duration);
    ask(&mut state, START, draw(BURST));
    ask(&mut state, START, learn(T / 2, 100 * T));
    assert_eq!(
        granted(&mut state, START, Action::Peek),
        (0, Wait::ahead(T))
    );
    ask(&mut state, START, learn(5 * T, 100 * T));
    assert_eq!(
        granted(&mut state, START, Action::Peek),
        (0, Wait::ahead(5 * T))
    );
    // A later one replaces it, also by less, and none ends it.
    ask(&mut state, START, learn(2 * T, 50 * T));
    assert_eq!(
        granted(&mut state, START, Action::Peek),
        (0, Wait::ahead(2 * T))
    );
    ask(&mut state, START, learn(Ticks::ZERO, Ticks::ZERO));
    assert_eq!(
        granted(&mut state, START, Action::Peek),
        (0, Wait::ahead(T))
    );
}
