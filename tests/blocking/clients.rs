//! `ureq` and `reqwest::blocking` inside of plain functions.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use paced::{ResponseExt as _, rate_limited};

use crate::support::ms;

/// Starts a server that refuses every other request for 50 ms. Its thread ends with the process.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            stream
                .and_then(|stream| answer(stream, n % 2 == 0))
                .expect("an answer");
        }
    });
    url
}

fn answer(mut stream: TcpStream, refuse: bool) -> std::io::Result<()> {
    let mut request = [0; 1024];
    let _ = stream.read(&mut request)?;
    let status = if refuse {
        "429 Too Many Requests\r\nretry-after-ms: 50"
    } else {
        "200 OK"
    };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    stream.write_all(answer.as_bytes())
}

#[rate_limited(rate = 1000)]
fn by_ureq(agent: &ureq::Agent, url: &str) -> Result<String, ureq::Error> {
    let mut response = agent.get(url).call()?.observe();
    if !response.status().is_success() {
        return Err(ureq::Error::StatusCode(response.status().as_u16()));
    }
    response.body_mut().read_to_string()
}

#[rate_limited(rate = 1000)]
fn response_of_ureq(
    agent: &ureq::Agent,
    url: &str,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    agent.get(url).call()
}

#[test]
fn responses_of_ureq_are_read() {
    let url = serve();
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent = config.build().new_agent();
    let begun = Instant::now();
    assert_eq!(by_ureq(&agent, &url).ok().as_deref(), Some("ok"));
    assert!(begun.elapsed() >= ms(50));
    let response = response_of_ureq(&agent, &url).expect("a response");
    assert_eq!(response.status(), 200);
    assert!(begun.elapsed() >= ms(100));
}

#[rate_limited(rate = 1000)]
fn by_reqwest(client: &reqwest::blocking::Client, url: &str) -> reqwest::Result<String> {
    client.get(url).send()?.observe().error_for_status()?.text()
}

#[rate_limited(rate = 1000)]
fn response_of_reqwest(
    client: &reqwest::blocking::Client,
    url: &str,
) -> reqwest::Result<reqwest::blocking::Response> {
    client.get(url).send()
}

#[test]
fn responses_of_reqwest_are_read() {
    let url = serve();
    let client = reqwest::blocking::Client::new();
    let begun = Instant::now();
    assert_eq!(by_reqwest(&client, &url).ok().as_deref(), Some("ok"));
    assert!(begun.elapsed() >= ms(50));
    let response = response_of_reqwest(&client, &url).expect("a response");
    assert_eq!(response.status(), 200);
    assert!(begun.elapsed() >= ms(100));
}

#[rate_limited(rate = 1000, max_retries = 0)]
fn timing_out(client: &reqwest::blocking::Client, url: &str) -> reqwest::Result<String> {
    client.get(url).send()?.text()
}

#[test]
fn the_timeout_of_the_client_ends_an_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let client = reqwest::blocking::Client::builder().timeout(Duration::from_millis(20));
    let client = client.build().expect("a client");
    assert!(
        timing_out(&client, &url)
            .expect_err("no answer")
            .is_timeout()
    );
}

#[test]
fn refusals_are_errors_of_the_clients() {
    let client = reqwest::blocking::Client::new();
    let runtime = crate::support::single();
    let error = runtime.block_on(async { by_reqwest(&client, "http://127.0.0.1:1/") });
    let error = error.expect_err("a refusal");
    assert!(paced::Error::find(&error).is_some_and(paced::Error::is_blocking_in_async));
    let error = runtime.block_on(async { by_ureq(&ureq::agent(), "http://127.0.0.1:1/") });
    let error = error.expect_err("a refusal");
    assert!(paced::Error::find(&error).is_some_and(paced::Error::is_blocking_in_async));
}
