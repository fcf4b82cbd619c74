//! Connections that will fail again.

use std::error::Error as StdError;

/// Returns whether the next connection fails in the same way: its certificate is not trusted, the server does
/// not speak TLS, or this client does not.
///
/// By the text of the error: the user chooses the TLS backend, and this crate knows none of their types.
pub(super) fn will_fail_again(error: &(dyn StdError + 'static)) -> bool {
    let text = error.to_string();
    LASTING.iter().any(|part| text.contains(part))
}

/// Parts of the texts of such errors.
const LASTING: [&str; 6] = [
    // rustls, OpenSSL, Windows and macOS; "Certificate" in the names of alerts.
    "certificate",
    "Certificate",
    // An answer without TLS, in the words of rustls and of OpenSSL.
    "InvalidContentType",
    "wrong version number",
    "packet length too long",
    // hyper's connector: no TLS backend, or no host.
    "invalid URL",
];

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn errors_that_last_are_known_in_the_words_of_every_backend() {
        for (text, lasts) in [
            ("invalid peer certificate: UnknownIssuer", true),
            ("received corrupt message of type InvalidContentType", true),
            ("received fatal alert: CertificateRequired", true),
            (
                "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed",
                true,
            ),
            (
                "error:0A00010B:SSL routines:ssl3_get_record:wrong version number",
                true,
            ),
            ("The certificate was not trusted.", true),
            ("invalid URL, scheme is not http", true),
            ("received fatal alert: HandshakeFailure", false),
            ("tls handshake eof", false),
            ("dns error", false),
            ("tcp connect error", false),
        ] {
            assert_eq!(will_fail_again(&io::Error::other(text)), lasts, "{text}");
        }
    }
}
