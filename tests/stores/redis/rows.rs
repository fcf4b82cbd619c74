//! Limiters with several limits, and the server's time for a draw of one limit and of several.

use std::sync::Arc;
use std::time::Instant;

use paced::store::Action;
use paced::store::Calls;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::RedisStore;
use paced::store::Request;
use paced::store::State;
use paced::store::Store as _;
use paced::store::Ticks;

use super::server::Server;
use crate::stepping::SECOND;

/// Draws of each number of limits in turn.
const REQUESTS: u32 = 100;
const ROUNDS: usize = 20;

/// Times and bytes of draws of so many limits.
struct Measured {
    rows: usize,
    request: Request,
    /// Microseconds of the server's processor, and of the way there and back, of one draw in each round.
    server: Vec<f64>,
    caller: Vec<f64>,
    bytes: u64,
}

impl Measured {
    fn new(rows: usize) -> Self {
        let (horizon, longest, drain) = (Ticks::ZERO, Ticks::MAX, false);
        let draw = match rows {
            1 => Action::Draw {
                tokens: 1,
                horizon,
                longest,
                drain,
            },
            _ => Action::DrawCalls {
                calls: Calls::new().and(1, &[1, 1500, 400, 1, 1, 1, 1, 1][..rows]),
                horizon,
                longest,
                drain,
            },
        };
        let limits = [Limit::new(SECOND / 50_000, 4_000_000_000); 8];
        let limits = Limits::new(&limits[..rows]).expect("up to eight");
        Self {
            rows,
            request: Request::new(draw, limits),
            server: Vec::new(),
            caller: Vec::new(),
            bytes: 0,
        }
    }

    async fn round(&mut self, server: &Server, store: &RedisStore) {
        let key = format!("rows-{}", self.rows);
        let (used_before, came_before) = (used(server), came(server));
        let start = Instant::now();
        for _ in 0..REQUESTS {
            let reply = store.transact(&key, &self.request).await;
            let reply = reply.expect("an answer");
            assert_eq!(reply.granted(), 1, "{reply:?}");
            let request = self
                .request
                .clone()
                .with_floor(floor(reply.state, self.rows));
            // As a limiter sends it.
            let end = reply.now + 60 * SECOND;
            self.request = request.not_after(end).sent_at(reply.now);
        }
        let requests = f64::from(REQUESTS);
        self.caller
            .push(start.elapsed().as_secs_f64() * 1e6 / requests);
        self.server
            .push((used(server) - used_before) * 1e6 / requests);
        self.bytes = (came(server) - came_before) / u64::from(REQUESTS);
    }

    /// Returns the least of a tenth of all rounds: others had to share the machine.
    fn least(&self) -> [f64; 2] {
        [&self.server, &self.caller].map(|times| {
            let mut times = times.clone();
            times.sort_by(f64::total_cmp);
            times[times.len() / 10]
        })
    }
}

/// A limiter that draws calls does not send how much was drawn.
fn floor(mut state: State, rows: usize) -> State {
    if rows > 1 {
        for row in &mut state.rows {
            row.full_at = Ticks::ZERO;
        }
    }
    state
}

/// Returns a number that the server tells of itself.
fn told(server: &Server, section: &str, name: &str) -> f64 {
    let said: String = server.tell(&["INFO", section]);
    let value = said.lines().find_map(|line| line.strip_prefix(name));
    value.expect("it is told").parse().expect("a number")
}

/// Returns the seconds that the server's processor has used.
fn used(server: &Server) -> f64 {
    told(server, "cpu", "used_cpu_user:") + told(server, "cpu", "used_cpu_sys:")
}

/// Returns the bytes that the server was sent.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small count"
)]
fn came(server: &Server) -> u64 {
    told(server, "stats", "total_net_input_bytes:") as u64
}

/// Prints times of draws, one in turn after the other. Of these nothing is asserted, as of any time.
#[tokio::test]
async fn a_draw_of_three_limits_is_measured_beside_one() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let mut all = [1, 3, 8].map(Measured::new);
    for _ in 0..ROUNDS {
        for measured in &mut all {
            measured.round(&server, &store).await;
        }
    }
    let [one_server, one_caller] = all[0].least();
    for measured in &all {
        let [in_server, for_caller] = measured.least();
        println!(
            "{} limits: {in_server:.1} us of the server ({:.2}), {for_caller:.1} us there and back ({:.2}), {} bytes",
            measured.rows,
            in_server / one_server,
            for_caller / one_caller,
            measured.bytes,
        );
    }
    assert!(all[1].bytes <= 200, "{} bytes", all[1].bytes);
}

#[tokio::test]
async fn two_clients_of_one_server_share_several_limits() {
    let Some(server) = Server::start() else {
        return;
    };
    crate::row_stores::check([Arc::new(server.store()), Arc::new(server.store())]).await;
    crate::row_closing::check([Arc::new(server.store()), Arc::new(server.store())], 2).await;
}
