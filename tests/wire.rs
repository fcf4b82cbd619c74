//! What reqwest reports of real connections that fail, in real time: it is a real client.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use paced::Failure;
use paced::rate_limited;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// Why the call was attempted a second time.
type Seen = Option<Failure>;

#[rate_limited(
    rate = 1000,
    max_retries = 1,
    idempotent,
    backoff(base = "1ms", jitter = "none")
)]
async fn fetch(url: &str, attempts: &AtomicUsize) -> reqwest::Result<(String, Seen)> {
    attempts.fetch_add(1, Ordering::SeqCst);
    let client = reqwest::Client::builder()
        .timeout(Duration::from_millis(300))
        .build()?;
    let text = client
        .get(url)
        .send()
        .await?
        .error_for_status()?
        .text()
        .await?;
    Ok((text, paced::attempt().previous()))
}

/// What a server does with its first connection; later ones are answered.
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
    }
}

async fn previous_after(first: First) -> Seen {
    let ((url, _), attempts) = (serve(first).await, AtomicUsize::new(0));
    let (text, previous) = fetch(&url, &attempts).await.unwrap();
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
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
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
        let error = fetch(&url, &attempts).await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(attempts.load(Ordering::SeqCst), 1);
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }
}
