//! reqwest's errors on real connections that fail, in real time: it is a real client.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use paced::Failure;
use paced::Limiter;
use paced::Quota;
use paced::ResponseExt as _;
use paced::rate_limited;
use paced::reqwest_middleware::ObserveMiddleware;
use paced::tower::ObserveLayer;
use reqwest_middleware::ClientBuilder;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tower_layer::Layer as _;
use tower_service::Service;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// Longer than any answer takes that comes at all, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why the call was attempted a second time.
type Seen = Option<Failure>;

#[rate_limited(
    rate = 1000,
    max_retries = 1,
    idempotent,
    backoff(base = "1ms", jitter = "none")
)]
async fn fetch(
    url: &str,
    attempts: &AtomicUsize,
    first: Duration,
) -> reqwest::Result<(String, Seen)> {
    let is_first = attempts.fetch_add(1, Ordering::SeqCst) == 0;
    let timeout = if is_first { first } else { PATIENCE };
    let client = reqwest::Client::builder().timeout(timeout).build()?;
    let text = client
        .get(url)
        .send()
        .await?
        .error_for_status()?
        .text()
        .await?;
    Ok((text, paced::attempt().previous()))
}

/// Treatment of the first connection by a server; later ones are answered.
#[derive(Clone, Copy, Debug)]
enum First {
    /// Closes it after the request.
    Close,
    /// Closes it in the middle of the answer.
    CloseInTheBody,
    /// Never answers.
    Hang,
    /// Answers with this status.
    Status(u16),
    /// Answers 429 with this `Retry-After`.
    AskFor(&'static str),
}

async fn serve(first: First) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let nth = count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(answer(stream, (nth == 0).then_some(first)));
        }
    });
    (url, connections)
}

async fn answer(mut stream: TcpStream, first: Option<First>) -> std::io::Result<()> {
    let mut request = [0; 1024];
    let _ = stream.read(&mut request).await?;
    match first {
        None => stream.write_all(ANSWER).await,
        Some(First::Close) => Ok(()),
        Some(First::CloseInTheBody) => stream.write_all(&ANSWER[..ANSWER.len() - 1]).await,
        Some(First::Hang) => core::future::pending().await,
        Some(First::Status(status)) => {
            let head =
                format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await
        }
        Some(First::AskFor(seconds)) => {
            let head = format!(
                "HTTP/1.1 429 x\r\nretry-after: {seconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await
        }
    }
}

async fn previous_after(first: First) -> Seen {
    let ((url, _), attempts) = (serve(first).await, AtomicUsize::new(0));
    let patience = match first {
        First::Hang => Duration::from_millis(300),
        _ => PATIENCE,
    };
    let (text, previous) = fetch(&url, &attempts, patience).await.unwrap();
    assert_eq!((text.as_str(), attempts.load(Ordering::SeqCst)), ("ok", 2));
    previous
}

#[tokio::test]
async fn each_way_to_fail_is_told_from_the_others() {
    assert_eq!(
        previous_after(First::Status(429)).await,
        Some(Failure::Status(429))
    );
    assert_eq!(
        previous_after(First::Status(502)).await,
        Some(Failure::Status(502))
    );
    assert_eq!(previous_after(First::Close).await, Some(Failure::Reset));
    assert_eq!(
        previous_after(First::CloseInTheBody).await,
        Some(Failure::Reset)
    );
    assert_eq!(previous_after(First::Hang).await, Some(Failure::Timeout));
}

#[tokio::test]
async fn a_refused_connection_is_one_that_sent_nothing() {
    #[rate_limited(rate = 1000, max_retries = 1, backoff(base = "1ms", jitter = "none"))]
    async fn fetch(url: &str, attempts: &AtomicUsize) -> reqwest::Result<()> {
        attempts.fetch_add(1, Ordering::SeqCst);
        if attempts.load(Ordering::SeqCst) == 2 {
            assert_eq!(paced::attempt().previous(), Some(Failure::Connect));
        }
        reqwest::get(url).await.map(drop)
    }
    // Taken, so that no other program listens there, and not listened on.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let attempts = AtomicUsize::new(0);
    assert!(
        fetch(&format!("http://127.0.0.1:{port}/"), &attempts)
            .await
            .unwrap_err()
            .is_connect()
    );
    assert_eq!(attempts.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_status_that_is_final_is_asked_for_once() {
    for status in [401, 403, 404] {
        let ((url, connections), attempts) =
            (serve(First::Status(status)).await, AtomicUsize::new(0));
        let error = fetch(&url, &attempts, PATIENCE).await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(attempts.load(Ordering::SeqCst), 1);
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }
}

/// Real clients each of which shows what it received in its own way. The server lets one more call
/// through and then none for a while; the limiter knows it afterwards.
#[tokio::test]
async fn every_way_in_tells_the_limiter_what_is_left() {
    #[rate_limited(limiter = limiter)]
    async fn observed(limiter: &Limiter, url: &str) -> reqwest::Result<()> {
        reqwest::get(url).await?.observe().error_for_status()?;
        Ok(())
    }
    #[rate_limited(limiter = limiter)]
    async fn returned(limiter: &Limiter, url: &str) -> reqwest::Result<reqwest::Response> {
        reqwest::get(url).await
    }
    #[rate_limited(limiter = limiter)]
    async fn elsewhere(limiter: &Limiter, url: &str) -> reqwest::Result<()> {
        let response = reqwest::get(url).await?;
        paced::observe(response.status(), response.headers());
        Ok(())
    }
    #[rate_limited(limiter = limiter)]
    async fn middleware(limiter: &Limiter, url: &str) -> reqwest_middleware::Result<()> {
        let client = ClientBuilder::new(reqwest::Client::new());
        let client = client.with(ObserveMiddleware::new()).build();
        client.get(url).send().await.map(drop)
    }
    #[rate_limited(limiter = limiter)]
    async fn layered(limiter: &Limiter, url: &str) -> reqwest::Result<()> {
        let mut client = ObserveLayer::new().layer(reqwest::Client::new());
        let request = reqwest::Request::new(reqwest::Method::GET, url.parse().unwrap());
        client.call(request).await.map(drop)
    }
    for way in 0..5 {
        let (limiter, url) = (Limiter::new(Quota::per_second(TEN)), one_left().await);
        match way {
            0 => observed(&limiter, &url).await.unwrap(),
            1 => returned(&limiter, &url).await.map(drop).unwrap(),
            2 => elsewhere(&limiter, &url).await.unwrap(),
            3 => middleware(&limiter, &url).await.unwrap(),
            _ => layered(&limiter, &url).await.unwrap(),
        }
        let cooldown = limiter.snapshot().cooldown.unwrap_or_default();
        assert!(cooldown > Duration::from_secs(50), "{way}: {cooldown:?}");
    }
}

const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// A server whose first answer says that nothing is left for a minute.
async fn one_left() -> String {
    const SPENT: &[u8] =
        b"HTTP/1.1 200 OK\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: 60\r\n\
        content-length: 0\r\nconnection: close\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let _ = stream.read(&mut [0; 1024]).await?;
        stream.write_all(SPENT).await
    });
    url
}

#[tokio::test]
async fn a_hint_beyond_the_deadline_ends_the_call_and_refuses_the_next_at_once() {
    #[rate_limited(rate = 100, deadline = "10s")]
    async fn fetch(url: &str) -> reqwest::Result<String> {
        let response = reqwest::get(url).await?;
        response.observe().error_for_status()?.text().await
    }
    let (url, connections) = serve(First::AskFor("3600")).await;
    let refused_by_the_server = fetch(&url).await.unwrap_err();
    assert_eq!(
        refused_by_the_server.status(),
        Some(reqwest::StatusCode::TOO_MANY_REQUESTS)
    );
    assert!(paced::Error::find(&refused_by_the_server).is_none());
    let refused_here = fetch(&url).await.unwrap_err();
    assert_eq!(refused_here.status(), None);
    let refusal = paced::Error::find(&refused_here).expect("a refusal");
    assert!(refusal.is_deadline());
    assert!(refusal.retry_after() > Some(Duration::from_secs(3000)));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
