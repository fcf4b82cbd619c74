//! Provider of the cryptography of TLS.

use std::io;

use rustls::Error;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;

/// Chooses *ring* for the whole process, unless the program or another crate has chosen.
///
/// The client takes rustls's default, which does not exist where no crate or more than one crate has
/// enabled a provider, and panics then.
pub(super) fn choose_provider() {
    if CryptoProvider::get_default().is_none() {
        // Fails only if another thread was faster, which is as good.
        drop(ring::default_provider().install_default());
    }
}

/// Returns whether a handshake failed because of the server's certificate: another try sees the same.
pub(super) fn is_about_certificate(error: &io::Error) -> bool {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    matches!(inner, Some(Error::InvalidCertificate(_)))
}
