//! Certificates that are not trusted, in real time: the clients are real.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use paced::rate_limited;
use rcgen::CertificateParams;
use rcgen::KeyPair;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tonic::Status;
use tonic::transport::Channel;
use tonic::transport::ClientTlsConfig;

use crate::grpc::send;
use crate::ureq_agent::fetch;

/// Starts a server with a certificate that no client trusts.
async fn serve() -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
        }
    });
    address
}

#[tokio::test]
async fn tonic_tries_it_once() {
    #[rate_limited(rate = 100, max_retries = 2, idempotent, backoff(base = "1ms"))]
    async fn call(channel: &Channel, attempts: &AtomicUsize) -> Result<(), Status> {
        attempts.fetch_add(1, Ordering::SeqCst);
        send(channel, 1).await
    }
    let attempts = AtomicUsize::new(0);
    let tls = ClientTlsConfig::new().domain_name("localhost");
    let endpoint = Channel::from_shared(format!("https://{}", serve().await)).unwrap();
    let channel = endpoint.tls_config(tls).unwrap().connect_lazy();
    call(&channel, &attempts).await.unwrap_err();
    assert_eq!(attempts.into_inner(), 1);
}

#[tokio::test]
async fn ureq_tries_it_once() {
    #[rate_limited(rate = 100, max_retries = 2, idempotent, backoff(base = "1ms"))]
    async fn call(url: String, attempts: &AtomicUsize) -> Result<(), ureq::Error> {
        attempts.fetch_add(1, Ordering::SeqCst);
        fetch(&ureq::agent(), url.clone()).await.map(drop)
    }
    let attempts = AtomicUsize::new(0);
    let url = format!("https://localhost:{}/", serve().await.port());
    let error = call(url, &attempts).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(attempts.into_inner(), 1);
}
