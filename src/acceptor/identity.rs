//! The certificate and key of a `wss` server.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use rcgen::{Certificate, CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{AlertDescription, InvalidMessage, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::render::escape::escape_line;

#[derive(Clone)]
pub struct Identity {
    acceptor: TlsAcceptor,
    /// wsee made the certificate, so no client trusts it.
    pub self_made: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("{}: no usable {what} ({problem}); it must be a PEM file", file.display())]
    File {
        file: PathBuf,
        what: &'static str,
        problem: String,
    },
    #[error("certificate and key cannot be used: {0}")]
    Rejected(#[from] rustls::Error),
    #[error("cannot make a certificate for {host:?}: {problem}")]
    Make { host: String, problem: String },
}

impl Identity {
    /// Reads a certificate chain and its key from PEM files; with `clients`, a client needs a certificate
    /// from one of the CAs in that file.
    pub fn read(cert: &Path, key: &Path, clients: Option<&Path>) -> Result<Self, IdentityError> {
        let chain = certificates(cert)?;
        let key = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| unusable(key, "private key", error.to_string()))?;
        Self::new(chain, key, false, clients)
    }

    /// Makes a self-signed certificate for `host` and this machine's loopback names; `clients` as for
    /// [`Self::read`].
    pub fn make(host: &str, clients: Option<&Path>) -> Result<Self, IdentityError> {
        let mut names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "::1".to_owned(),
        ];
        if !names.iter().any(|name| name == host) {
            names.push(host.to_owned());
        }
        let (certificate, key) = self_signed(names).map_err(|error| IdentityError::Make {
            host: host.to_owned(),
            problem: error.to_string(),
        })?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Self::new(vec![certificate.der().clone()], key.into(), true, clients)
    }

    /// Lets clients choose HTTP/2 (RFC 7301).
    #[must_use]
    pub fn with_http2(self) -> Self {
        let mut config = ServerConfig::clone(self.acceptor.config());
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ..self
        }
    }

    /// Whether the client chose HTTP/2.
    pub fn is_http2<S>(stream: &tokio_rustls::server::TlsStream<S>) -> bool {
        stream.get_ref().1.alpn_protocol() == Some(HTTP2)
    }

    pub async fn accept<S>(&self, stream: S) -> io::Result<tokio_rustls::server::TlsStream<S>>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        self.acceptor.accept(stream).await
    }

    /// Says why a client's handshake failed.
    pub fn explain(error: &io::Error) -> String {
        let cause = error.get_ref().and_then(|it| it.downcast_ref());
        match cause {
            Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
                "the client does not speak TLS, as with http:// or ws://".to_owned()
            }
            // What OpenSSL, rustls and browsers send for a certificate that they cannot check.
            Some(rustls::Error::AlertReceived(
                AlertDescription::UnknownCA
                | AlertDescription::CertificateUnknown
                | AlertDescription::BadCertificate,
            )) => {
                "the client does not trust the certificate (there: -k or --cacert FILE)".to_owned()
            }
            _ => escape_line(&error.to_string()).into_owned(),
        }
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        self_made: bool,
        clients: Option<&Path>,
    ) -> Result<Self, IdentityError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = match clients {
            Some(file) => client_verifier(file, &provider)?,
            None => WebPkiClientVerifier::no_client_auth(),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?;
        // A client that supports HTTP/2 must not choose it, as the upgrade needs HTTP/1.1.
        config.alpn_protocols = vec![HTTP1.to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            self_made,
        })
    }
}

/// The names of ALPN (RFC 7301 §6, RFC 9113 §3.1).
const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(file, "certificate", error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable(file, "certificate", "none found".to_owned()));
    }
    Ok(certificates)
}

fn client_verifier(
    file: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, IdentityError> {
    let refused = |error: String| unusable(file, "CA certificate", error);
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots
            .add(certificate)
            .map_err(|error| refused(error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| refused(error.to_string()))
}

fn unusable(file: &Path, what: &'static str, problem: String) -> IdentityError {
    IdentityError::File {
        file: file.to_owned(),
        what,
        problem,
    }
}

/// A certificate for `names`, valid for a month so that nobody comes to rely on it.
fn self_signed(names: Vec<String>) -> Result<(Certificate, KeyPair), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "wsee listen");
    let today = jiff::Zoned::now().date();
    let start = |date: Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(date.year().into(), month, day)
    };
    params.not_before = start(today.saturating_sub(1.day()));
    params.not_after = start(today.saturating_add(30.days()));
    Ok((params.self_signed(&key)?, key))
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("self_made", &self.self_made)
            .finish_non_exhaustive()
    }
}
