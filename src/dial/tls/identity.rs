use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use der::Decode as _;
use pem::{Pem, PemError};
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::InconsistentKeys;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::Certificate;
use super::pkcs12::{Archive, Pkcs12Error, is_affordable, is_pkcs12};
use crate::secret::Secret;

#[derive(Debug, Clone)]
pub struct Identity {
    pub(super) key: Arc<CertifiedKey>,
    /// The subject of the certificate, as RFC 4514 text.
    pub(super) subject: String,
}

#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", .file.display())]
pub struct IdentityError {
    /// Whether it is the key's file, not the certificate's.
    pub is_key: bool,
    pub file: PathBuf,
    #[source]
    pub problem: IdentityProblem,
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityProblem {
    #[error("{0}")]
    Unreadable(#[source] io::Error),
    #[error("larger than {} KiB", LARGEST >> 10)]
    TooLarge,
    #[error("neither PEM nor PKCS#12")]
    UnknownFormat,
    #[error("not valid PEM ({0})")]
    BadPem(#[source] PemError),
    #[error("not a PKCS#12 file that wsee can read ({0})")]
    BadPkcs12(#[source] Pkcs12Error),
    #[error("no certificate in it")]
    NoCertificate,
    #[error("no private key in it")]
    NoKey,
    /// The PEM itself is encrypted (RFC 1421), as OpenSSL once did.
    #[error("the key is encrypted in OpenSSL's old way")]
    OldEncryption,
    #[error("the key's encryption is not supported ({0})")]
    Encryption(String),
    #[error("the password is wrong")]
    WrongPassword,
    #[error("the key does not belong to the certificate")]
    KeyMismatch,
    #[error("rustls cannot use it ({0})")]
    Rejected(#[source] rustls::Error),
}

/// In bytes: much more than any real file has.
const LARGEST: u64 = 1 << 20;

impl Identity {
    /// Reads a certificate chain and its key, which may share a file, from PEM or PKCS#12.
    ///
    /// `password` is called only for an encrypted file.
    pub fn read<E: From<IdentityError>>(
        cert: &Path,
        key: Option<&Path>,
        mut password: impl FnMut(&Path) -> Result<Secret<String>, E>,
    ) -> Result<Self, E> {
        let certificate = Source::new(cert, false);
        let own_key = key.is_none();
        let content = certificate.read(own_key, &mut password)?;
        if content.certificates.is_empty() {
            return Err(certificate.error(IdentityProblem::NoCertificate).into());
        }
        let (source, key) = match key {
            None => (certificate, content.key),
            Some(file) => {
                let source = Source::new(file, true);
                let key = source.read(true, &mut password)?.key;
                (source, key)
            }
        };
        let key = key.ok_or_else(|| source.error(IdentityProblem::NoKey))?;
        let identity = Self::new(content.certificates, key);
        Ok(identity.map_err(|problem| source.error(problem))?)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, IdentityProblem> {
        let subject = chain.first().and_then(|leaf| Certificate::parse(leaf));
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
        let key = key.map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                IdentityProblem::KeyMismatch
            }
            error => IdentityProblem::Rejected(error),
        })?;
        Ok(Self {
            key: Arc::new(key),
            subject: subject.map_or_else(String::new, |leaf| leaf.subject),
        })
    }
}

struct Source<'a> {
    file: &'a Path,
    is_key: bool,
}

#[derive(Default)]
struct Content {
    certificates: Vec<CertificateDer<'static>>,
    key: Option<PrivateKeyDer<'static>>,
}

impl<'a> Source<'a> {
    fn new(file: &'a Path, is_key: bool) -> Self {
        Self { file, is_key }
    }

    fn error(&self, problem: IdentityProblem) -> IdentityError {
        IdentityError {
            is_key: self.is_key,
            file: self.file.to_owned(),
            problem,
        }
    }

    /// Reads the file; decrypts a key only if it is `wanted`.
    fn read<E: From<IdentityError>>(
        &self,
        wanted: bool,
        password: &mut impl FnMut(&Path) -> Result<Secret<String>, E>,
    ) -> Result<Content, E> {
        let bytes = read_file(self.file).map_err(|problem| self.error(problem))?;
        if !is_pem(&bytes) {
            return self.read_pkcs12(&bytes, password);
        }
        let sections =
            pem::parse_many(&bytes).map_err(|error| self.error(IdentityProblem::BadPem(error)))?;
        let mut content = Content::default();
        for section in sections {
            if section.tag() == "CERTIFICATE" {
                content.certificates.push(section.into_contents().into());
            } else if wanted && content.key.is_none() {
                content.key = self.read_key(section, password)?;
            }
        }
        Ok(content)
    }

    fn read_key<E: From<IdentityError>>(
        &self,
        section: Pem,
        password: &mut impl FnMut(&Path) -> Result<Secret<String>, E>,
    ) -> Result<Option<PrivateKeyDer<'static>>, E> {
        if section.headers().get("Proc-Type").is_some() {
            return Err(self.error(IdentityProblem::OldEncryption).into());
        }
        let tag = section.tag().to_owned();
        let der = section.into_contents();
        Ok(match tag.as_str() {
            "PRIVATE KEY" => Some(PrivateKeyDer::Pkcs8(der.into())),
            "RSA PRIVATE KEY" => Some(PrivateKeyDer::Pkcs1(der.into())),
            "EC PRIVATE KEY" => Some(PrivateKeyDer::Sec1(der.into())),
            "ENCRYPTED PRIVATE KEY" => {
                let password = password(self.file)?;
                Some(decrypt(&der, &password).map_err(|problem| self.error(problem))?)
            }
            _ => None,
        })
    }

    fn read_pkcs12<E: From<IdentityError>>(
        &self,
        bytes: &[u8],
        password: &mut impl FnMut(&Path) -> Result<Secret<String>, E>,
    ) -> Result<Content, E> {
        // Many exports from keychains have no password, so try an empty one first.
        let archive = match Archive::read(bytes, "") {
            Err(_) if !is_pkcs12(bytes) => {
                return Err(self.error(IdentityProblem::UnknownFormat).into());
            }
            result @ (Ok(_) | Err(Pkcs12Error::Unsupported(_))) => result,
            Err(_) => {
                let password = password(self.file)?;
                Archive::read(bytes, password.expose())
            }
        };
        let archive = archive.map_err(|error| self.error(pkcs12_problem(error)))?;
        let key = archive.keys.into_iter().next().map(PrivateKeyDer::Pkcs8);
        let certificates = match &key {
            Some(key) => chain(archive.certificates, key),
            None => archive.certificates,
        };
        Ok(Content { certificates, key })
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, IdentityProblem> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(IdentityProblem::Unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(IdentityProblem::TooLarge);
    }
    Ok(bytes)
}

fn is_pem(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"-----BEGIN ").is_some()
}

fn pkcs12_problem(error: Pkcs12Error) -> IdentityProblem {
    match error {
        Pkcs12Error::WrongPassword => IdentityProblem::WrongPassword,
        error => IdentityProblem::BadPkcs12(error),
    }
}

/// The certificate of `key` and its issuers, in the order of TLS.
///
/// Unchanged if none belongs to the key: the mismatch is reported later.
fn chain(
    mut certificates: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'static>,
) -> Vec<CertificateDer<'static>> {
    let provider = aws_lc_rs::default_provider();
    let belongs = |certificate: &CertificateDer<'static>| {
        CertifiedKey::from_der(vec![certificate.clone()], key.clone_key(), &provider).is_ok()
    };
    let Some(leaf) = certificates.iter().position(belongs) else {
        return certificates;
    };
    let mut chain = vec![certificates.swap_remove(leaf)];
    while let Some(issuer) = chain.last().and_then(|last| issuer(last, &certificates)) {
        chain.push(certificates.swap_remove(issuer));
    }
    chain
}

fn issuer(last: &CertificateDer<'_>, certificates: &[CertificateDer<'_>]) -> Option<usize> {
    let last = x509_cert::Certificate::from_der(last).ok()?;
    let issuer = last.tbs_certificate().issuer();
    certificates.iter().position(|it| {
        let certificate = x509_cert::Certificate::from_der(it);
        certificate.is_ok_and(|it| it.tbs_certificate().subject() == issuer)
    })
}

/// Decrypts an `EncryptedPrivateKeyInfo` (RFC 5958 §3).
fn decrypt(
    der: &[u8],
    password: &Secret<String>,
) -> Result<PrivateKeyDer<'static>, IdentityProblem> {
    use pkcs8::pkcs5::Error as Pkcs5Error;
    let unsupported = |error: &dyn ToString| IdentityProblem::Encryption(error.to_string());
    let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|error| unsupported(&error))?;
    if !is_affordable(&info.encryption_algorithm) {
        return Err(unsupported(
            &"deriving its key takes too much time or memory",
        ));
    }
    match info.decrypt(password.expose()) {
        Ok(key) => Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into()),
        Err(pkcs8::Error::EncryptedPrivateKey(
            error @ (Pkcs5Error::NoPbes1CryptSupport
            | Pkcs5Error::UnsupportedAlgorithm { .. }
            | Pkcs5Error::AlgorithmParametersInvalid { .. }),
        )) => Err(unsupported(&error)),
        Err(_) => Err(IdentityProblem::WrongPassword),
    }
}
