//! Whether a connection failed for its certificates, which doesn't pass by itself.

use std::error::Error;
use std::io;

/// Whether this error, or a cause of it, is about certificates or about the choice of a TLS version:
/// ours of the server's, or the server's of ours.
pub(super) fn is_about_certificates(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        #[cfg(feature = "tls")]
        if error.downcast_ref::<rustls::Error>().is_some_and(is_final) {
            return true;
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            // An I/O error doesn't name the error within it as its source, but that one's source.
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

#[cfg(feature = "tls")]
fn is_final(error: &rustls::Error) -> bool {
    use rustls::AlertDescription as Alert;
    if let rustls::Error::AlertReceived(alert) = error {
        return matches!(
            alert,
            Alert::AccessDenied
                | Alert::BadCertificate
                | Alert::CertificateExpired
                | Alert::CertificateRequired
                | Alert::CertificateRevoked
                | Alert::CertificateUnknown
                | Alert::NoCertificate
                | Alert::ProtocolVersion
                | Alert::UnknownCA
                | Alert::UnrecognisedName
                | Alert::UnsupportedCertificate
        );
    }
    matches!(
        error,
        rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented
            | rustls::Error::UnsupportedNameType
            | rustls::Error::PeerIncompatible(_)
    )
}
