//! States of the first version, and parts that a newer one has added.

use std::sync::Arc;

use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::State;
use paced::store::Ticks;
use paced::store::step;

use crate::stepping::START;
use crate::stepping::T;
use crate::stepping::ask;
use crate::stepping::draw;

/// Numbers that the first version kept of a bucket that is empty, and of a pause that was ended by hand.
pub(crate) const FIRST: [u64; 9] = {
    let start = START.get();
    let second = Ticks::SECOND.get();
    [
        start + 10 * second,
        0,
        0,
        start + 60 * second,
        start,
        4,
        2 * second,
        start + 600 * second,
        start,
    ]
};

fn bytes_of_first() -> Vec<u8> {
    let numbers = FIRST.iter().flat_map(|number| number.to_le_bytes());
    [1].into_iter().chain(numbers).collect()
}

/// Checks what was taken over.
pub(crate) fn is_first(state: &State) {
    let row = &state.rows[0];
    assert_eq!(row.full_at, START + 10 * T);
    assert_eq!(
        (row.learnt_interval, row.learnt_until),
        (2 * T, START + 600 * T)
    );
    assert_eq!(state.lifted_until, START + 60 * T);
    assert_eq!((state.generation, state.paused_until), (4, START));
}

#[test]
fn bytes_of_the_first_version_are_read() {
    let state = State::from_bytes(&bytes_of_first()).unwrap();
    is_first(&state);
    assert_eq!(state.seen, START);
    assert_eq!(state.to_bytes()[0], 2);
}

/// A part with a tag that this version does not know, and one of a limit that it does not have.
const NEWER: [u8; 14] = [200, 0, 3, 0, 7, 8, 9, 2, 9, 3, 0, 1, 2, 3];

#[test]
fn parts_of_a_newer_version_are_kept_as_they_are() {
    let mut state = State::default();
    ask(&mut state, START, draw(3));
    let bytes = [state.to_bytes(), NEWER.to_vec()].concat();
    let mut read = State::from_bytes(&bytes).unwrap();
    assert_eq!(read.to_bytes(), bytes);
    assert!(read != state);
    // Also by what changes the rest of it.
    ask(&mut read, START + T, draw(3));
    ask(&mut state, START + T, draw(3));
    assert_eq!(read.to_bytes(), [state.to_bytes(), NEWER.to_vec()].concat());
    // A part that is cut short is damage.
    assert!(State::from_bytes(&bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn a_state_is_kept_for_parts_that_are_not_known() {
    let mut state = State::default();
    ask(&mut state, START, draw(1));
    state.kept_until = START + 3600 * T;
    let reply = ask(&mut state, START + T, draw(1));
    assert!(reply.state.expires_at() > START + 3600 * T);
}

#[test]
fn eight_limits_of_a_state_come_back_from_its_bytes() {
    let limits = Limits::new(&[Limit::new(T, 10); 8]).unwrap();
    let mut state = State::default();
    step(&mut state, START, &Request::new(draw(3), limits));
    assert_eq!(State::from_bytes(&state.to_bytes()), Ok(state.clone()));
    let state = Arc::new(state);
    assert!(state.rows.iter().all(|row| row.full_at == START + 3 * T));
}
