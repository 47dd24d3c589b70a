use std::sync::OnceLock;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::Options;
use super::certificate::{Certificate, Defect, PublicKey, timestamp};
use super::pin::{Pins, pin_text};
use super::roots::{self, Roots, RootsError, System, SystemStore};

/// Verifies against the compiled-in roots and the user's, then against the system's, as far as they
/// are enabled, and finally against the pins.
///
/// One verifier serves one handshake, as it keeps what it rejected.
#[derive(Debug)]
pub(super) struct Verifier {
    algorithms: WebPkiSupportedAlgorithms,
    roots: RootCertStore,
    /// The user's certificates, also part of `roots`.
    given: Vec<CertificateDer<'static>>,
    /// Read only if the other roots do not know the issuer: it costs tens of milliseconds.
    system_roots: OnceLock<System>,
    system_store: SystemStore,
    wanted: Roots,
    pins: Option<Pins>,
    insecure: bool,
    refusal: OnceLock<Refusal>,
    unpinned: OnceLock<String>,
}

#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) verdict: CertificateError,
    pub(super) certificate: Option<Certificate>,
    /// The server sent no certificate but its own.
    pub(super) is_alone: bool,
    /// When it was verified.
    pub(super) now: UnixTime,
}

impl Verifier {
    pub(super) fn new(
        algorithms: WebPkiSupportedAlgorithms,
        options: &Options,
    ) -> Result<Self, RootsError> {
        let mut roots = match options.roots {
            Roots::Native => RootCertStore::empty(),
            Roots::Webpki | Roots::Both => roots::bundled(),
        };
        let mut given = Vec::new();
        for file in &options.cacert {
            given.append(&mut roots::add_file(&mut roots, file)?);
        }
        Ok(Self {
            algorithms,
            roots,
            given,
            system_roots: OnceLock::new(),
            system_store: options.system_store.clone(),
            wanted: options.roots,
            pins: options.pins.clone(),
            insecure: options.insecure,
            refusal: OnceLock::new(),
            unpinned: OnceLock::new(),
        })
    }

    /// The problem, even if it was accepted.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        self.refusal.get()
    }

    /// Why the system's roots could not be read, if they were needed.
    pub(super) fn system_problem(&self) -> Option<&str> {
        self.system_roots.get()?.problem.as_deref()
    }

    /// The key that is not pinned, as a pin.
    pub(super) fn unpinned(&self) -> Option<&str> {
        self.unpinned.get().map(String::as_str)
    }

    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(leaf)?;
        match self.verify_chain(&parsed, intermediates, now) {
            Err(_) if self.is_given(leaf, now) => {}
            verdict => verdict?,
        }
        verify_server_name(&parsed, server_name).map_err(|error| match error {
            // A name that is none, such as an address written as a DNS name.
            rustls::Error::InvalidCertificate(CertificateError::Other(_)) => {
                CertificateError::NotValidForName.into()
            }
            error => error,
        })
    }

    fn verify_chain(
        &self,
        leaf: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let verify = |roots| {
            verify_server_cert_signed_by_trust_anchor(
                leaf,
                roots,
                intermediates,
                now,
                self.algorithms.all,
            )
        };
        let first = match verify(&self.roots) {
            Err(rustls::Error::InvalidCertificate(verdict)) if is_about_issuer(&verdict) => verdict,
            settled => return settled,
        };
        if self.wanted == Roots::Webpki {
            return Err(first.into());
        }
        let read = || self.system_store.read(self.wanted == Roots::Native);
        match verify(&self.system_roots.get_or_init(read).roots) {
            Err(second) if second == CertificateError::UnknownIssuer.into() => Err(first.into()),
            second => second,
        }
    }

    /// Whether the certificate's key is pinned, if any are.
    fn is_pinned(&self, leaf: &CertificateDer<'_>) -> bool {
        let Some(pins) = &self.pins else {
            return true;
        };
        let key = PublicKey::of(leaf);
        if key.as_ref().is_some_and(|key| pins.admit(&key.info)) {
            return true;
        }
        self.unpinned.get_or_init(|| match key {
            Some(key) => pin_text(&key.info),
            None => "one that cannot be read".to_owned(),
        });
        false
    }

    /// With `insecure`, only the key of a certificate matters, not its version, extensions or length.
    fn verify_by_key(
        &self,
        error: rustls::Error,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let Some(key) = PublicKey::of(certificate).filter(|_| self.insecure) else {
            return Err(error);
        };
        let is_right = |algorithm: &&dyn SignatureVerificationAlgorithm| {
            algorithm.public_key_alg_id().as_ref() == key.algorithm
                && algorithm
                    .verify_signature(&key.bits, message, signed.signature())
                    .is_ok()
        };
        let mut known = self.algorithms.mapping.iter();
        let candidates = known.find(|(scheme, _)| *scheme == signed.scheme);
        let is_signed = candidates.is_some_and(|(_, all)| all.iter().any(is_right));
        // aws-lc verifies no signature of such a key. It would prove little, so only a pin demands the proof.
        let is_unverifiable = key.weakness().is_some() && self.pins.is_none();
        if is_signed || is_unverifiable {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(error)
        }
    }

    /// Notes a known issuer whose key is too short: its signature counts as wrong.
    fn with_issuer(
        &self,
        mut certificate: Certificate,
        intermediates: &[CertificateDer<'_>],
    ) -> Certificate {
        let known = self.given.iter().chain(intermediates);
        let mut issuers = known
            .filter_map(|issuer| Certificate::parse(issuer))
            .filter(|issuer| issuer.subject == certificate.issuer);
        if certificate.defect.is_none() {
            certificate.defect = issuers.find_map(|issuer| match issuer.defect {
                Some(Defect::WeakKey(bits)) => Some(Defect::WeakIssuer(bits)),
                _ => None,
            });
        }
        certificate
    }

    /// Whether this very certificate, self-signed and valid now, is one of the user's roots.
    ///
    /// `openssl req -x509` marks its certificates as a CA's, and rustls rejects those for a server
    /// (`CaUsedAsEndEntity`) even if they are roots. Other clients accept them, and nothing is left to
    /// verify: the user trusts it, and the handshake proves that the server has its key.
    fn is_given(&self, leaf: &CertificateDer<'_>, now: UnixTime) -> bool {
        let now = timestamp(Duration::from_secs(now.as_secs()));
        self.given.contains(leaf)
            && Certificate::parse(leaf)
                .is_some_and(|leaf| leaf.is_self_issued() && leaf.is_valid_at(now))
    }
}

/// Whether no root signed the certificate.
///
/// This includes a bad signature: a root has the issuer's name, but another key.
pub(super) fn is_about_issuer(verdict: &CertificateError) -> bool {
    matches!(
        verdict,
        CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let certificate = Certificate::parse(end_entity);
        let verdict = self.verify(end_entity, intermediates, server_name, now);
        let verdict = match &certificate {
            // The signature of the handshake would fail, which says less.
            Some(certificate) if verdict.is_ok() && certificate.defect.is_some() => {
                Err(CertificateError::UnknownIssuer.into())
            }
            _ => verdict,
        };
        match verdict {
            Ok(()) => {}
            Err(rustls::Error::InvalidCertificate(verdict)) => {
                let refusal = self.refusal.get_or_init(|| Refusal {
                    verdict,
                    certificate: certificate.map(|it| self.with_issuer(it, intermediates)),
                    is_alone: intermediates.is_empty(),
                    now,
                });
                if !self.insecure {
                    return Err(refusal.verdict.clone().into());
                }
            }
            Err(error) => return Err(error),
        }
        // As in curl, --insecure does not let an unpinned key pass.
        if self.is_pinned(end_entity) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
            .or_else(|error| self.verify_by_key(error, message, cert, dss))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
            .or_else(|error| self.verify_by_key(error, message, cert, dss))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
