//! Worlds as plain data: a limiter, the hints of a server, and a crowd of callers.

use core::fmt;

use proptest::prelude::*;

use crate::calls::Bound;
use crate::server::Server;

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
    /// The limit is shared through a store in memory.
    pub(crate) shared: bool,
    pub(crate) server: Server,
    /// Calls one after the other whose responses tell of the server's limits.
    pub(crate) history: Vec<Visit>,
    pub(crate) crowd: Vec<Caller>,
}

#[derive(Clone, Copy)]
pub(crate) struct Visit {
    /// Milliseconds after the answer to the one before it.
    pub(crate) after: u64,
    /// Milliseconds until its answer.
    pub(crate) takes: u64,
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { after, takes } = self;
        write!(f, "[+{after}ms takes {takes}ms]")
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Caller {
    /// Microseconds after the caller before it, or after the history.
    pub(crate) after: u64,
    pub(crate) bound: Bound,
    /// Milliseconds until its answer.
    pub(crate) takes: u64,
    pub(crate) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Succeeds, with a response that tells nothing.
    Plain,
    /// Fails to connect at first, so that a retry follows.
    Fails,
    /// Has no bound, and a response that tells of the server's limits.
    Informs,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            after,
            bound,
            takes,
            role,
        } = self;
        write!(f, "[+{after}us {role:?} {bound:?} takes {takes}ms]")
    }
}

impl World {
    /// Microseconds of the longest round trip.
    pub(crate) fn longest_trip(&self) -> u64 {
        let visits = self.history.iter().map(|visit| visit.takes);
        let trips = visits.chain(self.crowd.iter().map(|caller| caller.takes));
        trips.max().unwrap_or(0) * 1000
    }
}

/// Kind of worlds to generate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Longest time in milliseconds until an answer.
    pub(crate) takes: u64,
    pub(crate) shared: bool,
    /// The server tells what is left of its limits.
    pub(crate) tells: bool,
}

/// Numbers of any magnitude up to 2^`bits`.
fn magnitudes(bits: u32) -> impl Strategy<Value = u64> {
    (0..=bits, 0..1_u64 << bits).prop_map(move |(most, number)| number >> (bits - most))
}

/// Servers without `prop_flat_map`, which shrinks badly.
fn servers(tells: bool) -> impl Strategy<Value = Server> {
    // Scarce windows that end soon are where forecasts go wrong.
    let left = || prop_oneof![3 => 0..=5_u64, 1 => 0..=5000_u64];
    let limit = || prop_oneof![1 => 1..=20_u64, 2 => 20..=100_u64, 2 => 100..=5000_u64];
    let length = prop_oneof![Just(1000), Just(2000), Just(10_000), Just(60_000)];
    let elapsed = prop_oneof![900..1000_u64, 0..1000_u64];
    let window = (limit(), left(), length, elapsed);
    let bucket = (1..=200_u64, left(), 1..=500_u64);
    prop_oneof![
        1 => Just(Server::Silent),
        2 => (1..=5000_u64).prop_map(|wait| Server::Refuses { wait }),
        6 * u32::from(tells) => window.prop_map(|(limit, left, length, elapsed)| Server::Window {
            limit,
            length,
            used: limit.saturating_sub(left),
            elapsed: length * elapsed / 1000,
        }),
        3 * u32::from(tells) => bucket.prop_map(|(limit, left, interval)| Server::Bucket {
            limit,
            interval,
            used: limit.saturating_sub(left),
        }),
    ]
}

fn callers(takes: u64) -> impl Strategy<Value = Caller> {
    let after = prop_oneof![
        5 => Just(0),
        2 => 0..=2000_u64,
        2 => magnitudes(20),
    ];
    let role = prop_oneof![
        12 => Just(Role::Plain),
        3 => Just(Role::Fails),
        1 => Just(Role::Informs),
    ];
    let bound = prop_oneof![
        1 => Just(Bound::NONE),
        6 => (1..Bound::COUNT).prop_map(Bound),
    ];
    (after, bound, 0..=takes, role).prop_map(|(after, bound, takes, role)| Caller {
        after,
        bound: if role == Role::Informs {
            Bound::NONE
        } else {
            bound
        },
        takes,
        role,
    })
}

pub(crate) fn worlds(kind: Kind) -> impl Strategy<Value = World> {
    let rate = prop_oneof![1 => 1..=10_u32, 1 => 10..=100_u32, 2 => 100..=1000_u32];
    let burst = prop_oneof![2 => 1..=5_u32, 1 => 1..=100_u32];
    let visit = (magnitudes(9), 0..=kind.takes).prop_map(|(after, takes)| Visit { after, takes });
    let history = prop::collection::vec(visit, 1..4);
    let crowd = prop::collection::vec(callers(kind.takes), 1..60);
    (rate, burst, servers(kind.tells), history, crowd).prop_map(
        move |(per_second, burst, server, history, crowd)| World {
            per_second,
            burst,
            shared: kind.shared,
            server,
            history,
            crowd,
        },
    )
}
