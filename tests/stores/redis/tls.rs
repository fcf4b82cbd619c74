//! Through TLS, with a certificate authority of the test's own.

use std::path::Path;
use std::process::Command;

use paced::store::RedisStore;
use paced::store::Request;
use paced::store::Store as _;

use super::crowd::Crowd;
use super::server::Server;
use super::server::free_port;
use super::server::patient;
use super::server::skipped;
use crate::stepping::draw;
use crate::stepping::limits;

/// A certificate authority, a server's key, and its certificate for the loopback address.
const COMMANDS: [&str; 3] = [
    "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -x509 -days 2 -subj /CN=test \
     -keyout ca.key -out ca.crt",
    "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=redis \
     -keyout server.key -out server.csr",
    "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names \
     -out server.crt",
];

fn make_certificates(folder: &Path) {
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").expect("a file");
    for command in COMMANDS {
        let output = Command::new("openssl")
            .args(command.split_whitespace())
            .current_dir(folder)
            .output()
            .expect("openssl runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {command}: {said}");
    }
}

fn is_installed() -> bool {
    let version = Command::new("openssl").arg("version").output();
    version.is_ok_and(|output| output.status.success())
}

fn server() -> Option<(Server, u16)> {
    if !is_installed() {
        return skipped("openssl");
    }
    let server = Server::start()?;
    make_certificates(&server.folder);
    let port = free_port();
    let file = |name: &str| server.folder.join(name).display().to_string();
    for (setting, value) in [
        ("tls-cert-file", file("server.crt")),
        ("tls-key-file", file("server.key")),
        ("tls-ca-cert-file", file("ca.crt")),
        ("tls-auth-clients", "no".to_owned()),
        ("tls-port", port.to_string()),
    ] {
        let _: () = server.tell(&["CONFIG", "SET", setting, &value]);
    }
    Some((server, port))
}

#[test]
fn processes_that_trust_the_certificate_share_a_limit() {
    let Some((server, port)) = server() else {
        return;
    };
    let trusted = server.folder.join("ca.crt").display().to_string();
    let url = format!("rediss://127.0.0.1:{port}");
    let mut crowd = Crowd::start_with(&url, 2, "closed", &[("SSL_CERT_FILE", &trusted)]);
    crowd.permits(100);
    crowd.permits_for_all();
    crowd.check_envelope(0.0);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_rejected() {
    let Some((_server, port)) = server() else {
        return;
    };
    let store = patient(&format!("rediss://:secret@127.0.0.1:{port}"));
    let error = store
        .transact("api", &Request::new(draw(1), limits()))
        .await;
    let error = error.expect_err("no authority has signed it");
    assert!(error.is_rejected(), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_unavailable() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = RedisStore::open(&format!("rediss://127.0.0.1:{}", server.port)).expect("a URL");
    let error = store
        .transact("api", &Request::new(draw(1), limits()))
        .await;
    assert!(!error.expect_err("it speaks no TLS").is_rejected());
}
