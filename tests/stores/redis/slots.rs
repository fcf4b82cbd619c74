//! Slots that real processes share in Redis.

use super::server::Server;
use crate::fleet;

#[tokio::test]
async fn slots_of_processes_that_are_killed_or_stopped_are_used_by_others() {
    let Some(server) = Server::start() else {
        return;
    };
    fleet::check(&server.url(), &server.store()).await;
}
