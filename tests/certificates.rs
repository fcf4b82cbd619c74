//! Connections through TLS that will fail again, and some that may not, in real time: it is a real client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use paced::Failure;
use paced::rate_limited;
use rcgen::CertificateParams;
use rcgen::KeyPair;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// Retries whatever may be retried, and counts the attempts.
#[rate_limited(
    rate = 1000,
    max_retries = 2,
    idempotent,
    backoff(base = "1ms", jitter = "none")
)]
async fn fetch(client: &reqwest::Client, url: &str, attempts: &Attempts) -> reqwest::Result<()> {
    attempts.begin();
    client.get(url).send().await?.error_for_status().map(drop)
}

/// The attempts that were made, and why the last one was made.
#[derive(Debug, Default)]
struct Attempts(AtomicUsize);

impl Attempts {
    fn begin(&self) {
        let attempt = paced::attempt();
        if attempt.number() > 1 {
            assert_eq!(attempt.previous(), Some(Failure::Connect));
        }
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The number of attempts of a call that fails in the end.
async fn attempts(client: &reqwest::Client, url: &str) -> usize {
    let attempts = Attempts::default();
    let error = fetch(client, url, &attempts).await.unwrap_err();
    assert_eq!(error.status(), None, "{error:?}");
    attempts.0.load(Ordering::SeqCst)
}

/// Treatment of a connection by a server.
#[derive(Clone)]
enum Server {
    /// Answers with this certificate.
    Tls(TlsAcceptor),
    /// Answers in plain text.
    Plain,
    /// Closes it in the middle of the handshake.
    Close,
}

async fn serve(server: Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, server.clone()));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, server: Server) -> std::io::Result<()> {
    match server {
        Server::Tls(acceptor) => {
            let mut stream = acceptor.accept(stream).await?;
            let _ = stream.read(&mut [0; 1024]).await?;
            stream.write_all(ANSWER).await?;
            stream.shutdown().await
        }
        Server::Plain => {
            let _ = stream.read(&mut [0; 1024]).await?;
            stream.write_all(ANSWER).await
        }
        Server::Close => {
            let _ = stream.read(&mut [0; 64]).await?;
            Ok(())
        }
    }
}

/// A certificate for a host that it names, and a server that shows it.
fn certified(params: &CertificateParams) -> (reqwest::Certificate, Server) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let trusted = reqwest::Certificate::from_der(certificate.der()).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (trusted, Server::Tls(TlsAcceptor::from(Arc::new(config))))
}

fn naming(host: &str) -> CertificateParams {
    CertificateParams::new([host.to_owned()]).unwrap()
}

fn trusting(certificate: reqwest::Certificate) -> reqwest::Client {
    let builder = reqwest::Client::builder().timeout(Duration::from_secs(60));
    builder.tls_certs_only([certificate]).build().unwrap()
}

#[tokio::test]
async fn a_certificate_that_is_trusted_is_no_obstacle() {
    let (certificate, server) = certified(&naming("localhost"));
    let url = format!("https://localhost:{}/", serve(server).await.port());
    let attempts = Attempts::default();
    fetch(&trusting(certificate), &url, &attempts)
        .await
        .unwrap();
    assert_eq!(attempts.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_asked_for_once() {
    let (_, server) = certified(&naming("localhost"));
    let url = format!("https://localhost:{}/", serve(server).await.port());
    assert_eq!(attempts(&reqwest::Client::new(), &url).await, 1);
}

#[tokio::test]
async fn a_certificate_of_another_host_is_asked_for_once() {
    let (certificate, server) = certified(&naming("elsewhere.example"));
    let url = format!("https://localhost:{}/", serve(server).await.port());
    assert_eq!(attempts(&trusting(certificate), &url).await, 1);
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_asked_for_once() {
    let mut params = naming("localhost");
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let (certificate, server) = certified(&params);
    let url = format!("https://localhost:{}/", serve(server).await.port());
    assert_eq!(attempts(&trusting(certificate), &url).await, 1);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_asked_once() {
    let url = format!("https://{}/", serve(Server::Plain).await);
    assert_eq!(attempts(&reqwest::Client::new(), &url).await, 1);
}

#[tokio::test]
async fn a_handshake_that_breaks_off_is_tried_again() {
    let url = format!("https://{}/", serve(Server::Close).await);
    assert_eq!(attempts(&reqwest::Client::new(), &url).await, 3);
}

#[tokio::test]
async fn an_invalid_url_is_asked_for_once() {
    for url in ["nothing", "http://", "ftp://localhost/", "http://[::1"] {
        assert_eq!(attempts(&reqwest::Client::new(), url).await, 1, "{url}");
    }
}
