//! Blocking requests of ureq inside annotated functions, in real time.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use http::Response;
use paced::Failure;
use paced::rate_limited;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use ureq::Agent;

use crate::refusals::Refusals;

/// Makes a request in a thread that may block.
pub(crate) async fn fetch(agent: &Agent, url: String) -> Result<Response<String>, ureq::Error> {
    let agent = agent.clone();
    let request = spawn_blocking(move || {
        let (head, mut body) = agent.get(url).call()?.into_parts();
        Ok(Response::from_parts(head, body.read_to_string()?))
    });
    request.await.map_err(std::io::Error::other)?
}

/// Starts a server that refuses with `Retry-After` of one second.
async fn serve(refusals: Refusals) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, refusals.clone()));
        }
    });
    url
}

async fn answer(mut stream: TcpStream, refusals: Refusals) -> std::io::Result<()> {
    let mut request = [0; 1024];
    let read = stream.read(&mut request).await?;
    let request = String::from_utf8_lossy(&request[..read]);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let id = path.trim_start_matches('/').parse().unwrap();
    let status = match refusals.next(id, Duration::from_secs(1)) {
        None => "200 OK".to_owned(),
        Some(refusal) => {
            let status = if refusal.outage { 503 } else { 429 };
            let delay = refusal.delay.map(|delay| delay.as_secs());
            delay.map_or(format!("{status} x"), |delay| {
                format!("{status} x\r\nretry-after: {delay}")
            })
        }
    };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    stream.write_all(answer.as_bytes()).await
}

#[tokio::test]
async fn without_the_attribute_fifteen_of_twenty_calls_fail() {
    let url = serve(Refusals::default()).await;
    let agent = ureq::agent();
    let calls = (0..20).map(|id| fetch(&agent, format!("{url}/{id}")));
    let failed = join_all(calls).await.into_iter().filter(Result::is_err);
    assert_eq!(failed.count(), 15);
}

/// The response has the headers, so the delay is kept to.
#[tokio::test]
async fn no_call_fails_and_no_delay_is_undercut() {
    #[rate_limited(rate = 500, max_retries = 15, backoff(base = "10ms", jitter = "none"))]
    async fn call(agent: &Agent, url: &str, id: u64) -> Result<Response<String>, ureq::Error> {
        fetch(agent, format!("{url}/{id}")).await
    }
    let refusals = Refusals::default();
    let url = serve(refusals.clone()).await;
    let config = Agent::config_builder().http_status_as_error(false).build();
    let agent = Agent::new_with_config(config);
    for outcome in join_all((0..20).map(|id| call(&agent, &url, id))).await {
        assert_eq!(outcome.unwrap().status(), 200);
    }
    refusals.assert_all_served();
}

/// The error has the status alone, so the backoff decides.
#[tokio::test]
async fn no_call_fails_by_the_status_alone() {
    #[rate_limited(rate = 500, max_retries = 15, backoff(base = "10ms", jitter = "none"))]
    async fn call(agent: &Agent, url: &str, id: u64) -> Result<String, ureq::Error> {
        let response = fetch(agent, format!("{url}/{id}")).await?;
        Ok(response.into_body())
    }
    let url = serve(Refusals::default()).await;
    let agent = ureq::agent();
    for outcome in join_all((0..20).map(|id| call(&agent, &url, id))).await {
        assert_eq!(outcome.unwrap(), "ok");
    }
}

#[rate_limited(
    rate = 1000,
    max_retries = 1,
    idempotent,
    backoff(base = "1ms", jitter = "none")
)]
async fn repeat(
    agent: &Agent,
    url: &str,
    attempts: &AtomicUsize,
    wanted: Failure,
) -> Result<(), ureq::Error> {
    attempts.fetch_add(1, Ordering::SeqCst);
    if let Some(failure) = paced::attempt().previous() {
        assert_eq!(failure, wanted);
    }
    fetch(agent, url.to_owned()).await.map(drop)
}

#[tokio::test]
async fn each_way_to_fail_is_told_from_the_others() {
    // Bound, so that no other program listens there, and not listened on.
    let absent = TcpSocket::new_v4().unwrap();
    absent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closing = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = [
        absent.local_addr(),
        silent.local_addr(),
        closing.local_addr(),
    ];
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = closing.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    let timeout = Some(Duration::from_millis(300));
    let config = Agent::config_builder()
        .timeout_recv_response(timeout)
        .build();
    let agent = Agent::new_with_config(config);
    let failures = [Failure::Connect, Failure::Timeout, Failure::Reset];
    for (address, failure) in addresses.into_iter().zip(failures) {
        let (url, attempts) = (format!("http://{}/", address.unwrap()), AtomicUsize::new(0));
        repeat(&agent, &url, &attempts, failure).await.unwrap_err();
        assert_eq!(attempts.into_inner(), 2, "{failure}");
    }
}
