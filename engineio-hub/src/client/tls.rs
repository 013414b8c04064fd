//! TLS: trusted certificates, and the client's own.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

use super::error::ConnectError;

/// The application's TLS options. By default the machine's roots are trusted.
#[derive(Clone, Default)]
pub(super) struct Tls {
    /// Certificates to trust beside the machine's, in PEM.
    pub(super) roots: Vec<Vec<u8>>,
    /// The client's own certificate chain and its key, in PEM.
    pub(super) own: Option<(Vec<u8>, Vec<u8>)>,
    /// Whether every certificate is accepted.
    pub(super) accepts_any: bool,
}

type BoxError = Box<dyn Error + Send + Sync>;

impl Tls {
    pub(super) fn config(&self) -> Result<ClientConfig, ConnectError> {
        self.try_config().map_err(ConnectError::Tls)
    }

    fn try_config(&self) -> Result<ClientConfig, BoxError> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = if self.accepts_any {
            Arc::new(AcceptAny(Arc::clone(&provider)))
        } else {
            let roots = self.roots.iter().flat_map(|pem| CertificateDer::pem_slice_iter(pem));
            let roots = roots.collect::<Result<Vec<_>, _>>()?;
            let platform = rustls_platform_verifier::Verifier::new_with_extra_roots(
                roots,
                Arc::clone(&provider),
            );
            Arc::new(platform?)
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        Ok(match &self.own {
            Some((chain, key)) => {
                let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>()?;
                builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key)?)?
            }
            None => builder.with_no_client_auth(),
        })
    }
}

/// Keeps keys out of logs.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("accepts_any", &self.accepts_any).finish_non_exhaustive()
    }
}

/// Accepts every certificate. The server must still prove that it has the key.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
