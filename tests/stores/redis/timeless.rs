//! Servers that give their scripts no time, and users without all the rights that are needed.

use std::net::Ipv4Addr;
use std::sync::Arc;

use paced::store::Action;
use paced::store::RedisStore;
use paced::store::Request;
use paced::store::Store as _;
use paced::store::Ticks;
use paced::store::conformance;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use super::server::Server;
use super::server::patient;
use crate::stepping::draw;
use crate::stepping::limits;
use crate::stepping::pause_for;

/// Command of the script, and its replacement of as many bytes.
const ASKED: &[u8] = b"redis.pcall('TIME')";
const ANSWERED: &[u8] = b"{err='NOPERM time'}";

/// A server in front of one, which refuses the time to scripts, and to them alone.
async fn refusing(port: u16) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
            tokio::spawn(pass_on(client, server.unwrap()));
        }
    });
    address.port()
}

async fn pass_on(client: TcpStream, server: TcpStream) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::io::copy(&mut from_server, &mut to_client);
    let requests = async {
        let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            kept.extend_from_slice(&buffer[..length]);
            if let Some(at) = kept.windows(ASKED.len()).position(|part| part == ASKED) {
                kept[at..at + ASKED.len()].copy_from_slice(ANSWERED);
            }
            // The end may be the beginning of what is looked for.
            let longest = (1..ASKED.len()).rev();
            let begun = longest
                .into_iter()
                .find(|&part| kept.ends_with(&ASKED[..part]));
            let rest = kept.split_off(kept.len() - begun.unwrap_or(0));
            to_server.write_all(&kept).await?;
            kept = rest;
        }
        std::io::Result::Ok(())
    };
    let _ = tokio::join!(answers, requests);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_gives_scripts_no_time_conforms() {
    let Some(server) = Server::start() else {
        return;
    };
    let port = refusing(server.port).await;
    conformance::check(Arc::new(patient(&format!("redis://127.0.0.1:{port}")))).await;
    // That it was asked in the one way and then in the other.
    let said: String = server.tell(&["INFO", "commandstats"]);
    assert!(said.contains("cmdstat_time:"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_that_ask_in_both_ways_share_one_limit() {
    let Some(server) = Server::start() else {
        return;
    };
    let port = refusing(server.port).await;
    let (one, other) = (
        server.store(),
        patient(&format!("redis://127.0.0.1:{port}")),
    );
    let mut granted = 0;
    for store in [&one, &other, &other, &one] {
        let request = Request::new(draw(1), limits());
        granted += store
            .transact("api", &request)
            .await
            .expect("an answer")
            .granted();
    }
    assert_eq!(granted, 4);
    let paused = Request::new(pause_for(Ticks::new(1 << 30)), limits());
    other.transact("api", &paused).await.expect("an answer");
    let peek = Request::new(Action::Peek, limits());
    let answer = one.transact("api", &peek).await.expect("an answer");
    assert!(answer.state.paused_until > answer.now, "{answer:?}");
}

async fn refusal(store: &RedisStore) -> String {
    let request = Request::new(draw(1), limits());
    let error = store.transact("api", &request).await.expect_err("refused");
    assert!(error.is_rejected(), "{error}");
    error.to_string()
}

#[tokio::test]
async fn the_command_that_is_refused_is_named() {
    let Some(server) = Server::start() else {
        return;
    };
    let url = format!("redis://somebody:hunter2@127.0.0.1:{}", server.port);
    for command in ["time", "hgetall", "hset", "pexpire"] {
        let without = format!("-{command}");
        let words = ["resetkeys", "+@all", "~paced2:*", &without];
        let mut user = vec!["ACL", "SETUSER", "somebody", "on", ">hunter2"];
        user.extend(words);
        let _: () = server.tell(&user);
        let said = refusal(&patient(&url)).await;
        assert!(said.contains(&command.to_uppercase()), "{said}");
        let _: () = server.tell(&["FLUSHALL"]);
    }
}
