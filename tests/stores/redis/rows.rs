//! Limiters with several limits, and the server's time for a draw of one limit and of several.

use std::sync::Arc;

use paced::store::Action;
use paced::store::Calls;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::Store as _;
use paced::store::Ticks;

use super::server::Server;
use crate::stepping::SECOND;

const REQUESTS: u32 = 3000;

/// Prints microseconds of the server for each request: nothing is asserted of them.
#[tokio::test]
async fn a_draw_of_three_limits_is_measured_beside_one() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let draw = |rows: usize| match rows {
        1 => Action::Draw {
            tokens: 1,
            horizon: Ticks::ZERO,
            longest: Ticks::MAX,
            drain: false,
        },
        _ => Action::DrawCalls {
            calls: Calls::new().and(1, &[1, 1500, 400, 1, 1, 1, 1, 1][..rows]),
            horizon: Ticks::ZERO,
            longest: Ticks::MAX,
            drain: false,
        },
    };
    for rows in [1, 3, 8, 1, 3, 8] {
        let limits = [Limit::new(SECOND / 50_000, 4_000_000_000); 8];
        let limits = Limits::new(&limits[..rows]).expect("up to eight");
        let key = format!("rows-{rows}");
        let mut request = Request::new(draw(rows), limits);
        let _: () = server.tell(&["CONFIG", "RESETSTAT"]);
        for _ in 0..REQUESTS {
            let reply = store.transact(&key, &request).await.expect("an answer");
            assert_eq!(reply.granted(), 1, "{reply:?}");
            request = request.with_floor(reply.state);
        }
        let said: String = server.tell(&["INFO", "commandstats"]);
        let line = said
            .lines()
            .find(|line| line.starts_with("cmdstat_evalsha:"));
        println!("{rows} limits: {}", line.unwrap_or_default());
    }
}

#[tokio::test]
async fn two_clients_of_one_server_share_several_limits() {
    let Some(server) = Server::start() else {
        return;
    };
    crate::row_stores::check([Arc::new(server.store()), Arc::new(server.store())]).await;
    crate::row_closing::check([Arc::new(server.store()), Arc::new(server.store())], 2).await;
}
