//! The attribute on plain functions, which wait on their threads. In real time: threads have no paused clock. So nothing
//! is asserted of time but that it is not shorter.

mod calling;
mod clients;
mod mixed;
mod parking;
mod refusing;
mod sharing;
mod stores;
mod support;
