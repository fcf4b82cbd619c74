//! A cluster of three servers.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use paced::store::conformance;

use super::server::Server;
use super::server::free_port;

const SLOTS: [[&str; 2]; 3] = [["0", "5460"], ["5461", "10922"], ["10923", "16383"]];

fn cluster() -> Option<Vec<Server>> {
    let mut servers = Vec::new();
    for slots in SLOTS {
        let bus = free_port();
        let arguments = [
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &bus.to_string(),
        ];
        let server = Server::start_with(&arguments)?;
        let _: () = server.tell(&["CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1]]);
        servers.push((server, bus.to_string()));
    }
    for (server, _) in &servers[1..] {
        let (first, bus) = &servers[0];
        let _: () = server.tell(&["CLUSTER", "MEET", "127.0.0.1", &first.port.to_string(), bus]);
    }
    let servers: Vec<Server> = servers.into_iter().map(|(server, _)| server).collect();
    let begun = Instant::now();
    while !servers.iter().all(knows_all) {
        assert!(begun.elapsed() < Duration::from_secs(30), "no cluster");
        // They get to know each other by gossip.
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(servers)
}

fn knows_all(server: &Server) -> bool {
    let info: String = server.tell(&["CLUSTER", "INFO"]);
    info.contains("cluster_state:ok") && info.contains("cluster_size:3")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_url_of_one_server_leads_to_all() {
    let Some(servers) = cluster() else {
        return;
    };
    conformance::check(Arc::new(servers[1].store())).await;
    for server in &servers {
        assert!(server.tell::<u64>(&["DBSIZE"]) > 0, "a server was not used");
    }
}
