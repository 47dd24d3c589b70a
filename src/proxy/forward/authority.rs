//! The certificate authority whose certificates opened hosts show.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ParsedCertificate;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::atomic_file::Replacement;
use crate::dial::Certificate;
use crate::sys::Unfit;
use crate::sys::file::{is_open_to_others, is_writable_by_others, secure};

/// An authority of the user's own, which is in no trust store unless the user puts it there.
pub struct Authority {
    file: PathBuf,
    until: Date,
    made: Made,
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    /// Of all certificates that it issues: a key for each would only cost time.
    leaf_key: KeyPair,
    issued: RefCell<HashMap<Vec<String>, Arc<ServerConfig>>>,
}

/// How the authority came into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    Earlier,
    Now,
    /// The old one expired at the start of this day.
    InPlaceOf(Date),
}

#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("no folder for the CA: HOME is not set; set XDG_DATA_HOME to a folder for it")]
    NoFolder,
    #[error("cannot use {}: {problem}", file.display())]
    File { file: PathBuf, problem: String },
    #[error(
        "{}: {problem}; move it away, and wsee makes a new CA, which programs have to trust again",
        file.display()
    )]
    Content {
        file: PathBuf,
        problem: &'static str,
    },
    #[error("{} can be read by others; make it private: chmod 600 {}", .0.display(), .0.display())]
    Open(PathBuf),
    #[error("{} can be written by others, who could replace the CA; make it private: chmod go-w {}", .0.display(), .0.display())]
    Writable(PathBuf),
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// The certificate, which programs are given.
const CERTIFICATE: &str = "proxy-ca.pem";
/// The key and the certificate: one file, so that no other key can come beside a certificate.
const KEY: &str = "proxy-ca-key.pem";
/// Locked while the others are read and made: of two wsee, one makes the authority, and the other one reads it.
const LOCK: &str = "proxy-ca.lock";
/// How long an authority is valid: long enough to be trusted once a year, short enough for a lost key.
const DAYS: i32 = 365;
/// How many certificates are kept: more than the hosts of a page; a client can ask for any number.
const MOST_ISSUED: usize = 512;

impl Authority {
    /// Opens the authority in `folder`, and makes it if there is none or it has expired.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        let file = |problem: &dyn ToString, name: &str| AuthorityError::File {
            file: folder.join(name),
            problem: problem.to_string(),
        };
        let lock = folder.join(LOCK);
        let secured = match secure(&lock) {
            // Another wsee has made it just now.
            Err(Unfit::Io(error)) if error.kind() == io::ErrorKind::AlreadyExists => secure(&lock),
            secured => secured,
        };
        secured.map_err(|error| file(&unfit(&error), LOCK))?;
        if fs::metadata(folder).is_ok_and(|found| is_writable_by_others(&found)) {
            return Err(AuthorityError::Writable(folder.to_owned()));
        }
        let lock = File::open(&lock).and_then(|lock| lock.lock().map(|()| lock));
        let lock = lock.map_err(|error| file(&error, LOCK))?;
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let key = folder.join(KEY);
        let (found, made) = match read(&key)? {
            Some(found) if found.until > today => (found, Made::Earlier),
            found => {
                let made = found.map_or(Made::Now, |old| Made::InPlaceOf(old.until));
                let (new, pem) = Stored::make(today)?;
                let written = Replacement::private(&key).and_then(|it| it.write(pem.as_bytes()));
                written.map_err(|error| file(&error, KEY))?;
                (new, made)
            }
        };
        let path = folder.join(CERTIFICATE);
        publish(&path, &found.pem()).map_err(|error| file(&error, CERTIFICATE))?;
        drop(lock);
        Ok(Self {
            file: path,
            until: found.until,
            made,
            issuer: Issuer::new(params(&found.name, found.until), found.key),
            certificate: found.certificate,
            leaf_key: KeyPair::generate()?,
            issued: RefCell::new(HashMap::new()),
        })
    }

    /// The certificate in PEM.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The day at whose start it expires.
    pub fn until(&self) -> Date {
        self.until
    }

    pub fn made(&self) -> Made {
        self.made
    }

    /// The SHA-256 of its `SubjectPublicKeyInfo` in base64, as Chromium's flags name it.
    pub fn key_hash(&self) -> String {
        let key = ParsedCertificate::try_from(&self.certificate);
        let info = key.map(|key| key.subject_public_key_info());
        let hash = Sha256::digest(info.as_ref().map_or(&[][..], AsRef::as_ref));
        data_encoding::BASE64.encode(&hash)
    }

    /// How a host with these names speaks TLS: names in DNS and IP addresses.
    pub(super) fn config(&self, names: Vec<String>) -> Result<Arc<ServerConfig>, AuthorityError> {
        let mut issued = self.issued.borrow_mut();
        if let Some(config) = issued.get(&names) {
            return Ok(Arc::clone(config));
        }
        if issued.len() >= MOST_ISSUED {
            issued.clear();
        }
        let config = Arc::new(self.issue(&names)?);
        issued.insert(names, Arc::clone(&config));
        Ok(config)
    }

    fn issue(&self, names: &[String]) -> Result<ServerConfig, AuthorityError> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = DistinguishedName::new();
        // RFC 5280 appendix A: a common name has at most 64 characters; the names that count are the others.
        if let Some(name) = names.first().filter(|name| name.len() <= 64) {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = validity(self.until);
        let leaf = params.signed_by(&self.leaf_key, &self.issuer)?;
        let chain = vec![leaf.der().clone(), self.certificate.clone()];
        let key = PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("aws-lc-rs has cipher suites for both versions")
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from(key))
            .expect("the key that the certificate was made for");
        config.alpn_protocols = vec![super::HTTP1.to_vec()];
        Ok(config)
    }
}

/// Key and certificate as they are in the file.
struct Stored {
    name: String,
    until: Date,
    key: KeyPair,
    certificate: CertificateDer<'static>,
}

impl Stored {
    /// Makes both; the text is that of the file.
    fn make(today: Date) -> Result<(Self, String), rcgen::Error> {
        let key = KeyPair::generate()?;
        let name = name(&key);
        let until = today.saturating_add(DAYS.days());
        let certificate = params(&name, until).self_signed(&key)?;
        let text = key.serialize_pem() + &certificate.pem();
        let certificate = certificate.der().clone();
        let stored = Self {
            name,
            until,
            key,
            certificate,
        };
        Ok((stored, text))
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let key = KeyPair::from_pem(text).map_err(|_| "it has no usable key")?;
        let certificate = CertificateDer::from_pem_slice(text.as_bytes())
            .map_err(|_| "it has no usable certificate")?;
        let parsed = Certificate::parse(&certificate).ok_or("it has no usable certificate")?;
        let name = name(&key);
        let public = ParsedCertificate::try_from(&certificate);
        let public = public.map(|it| it.subject_public_key_info());
        let is_its_key = public.is_ok_and(|it| it.as_ref() == key.subject_public_key_info());
        if !is_its_key || parsed.subject != format!("CN={name}") || !parsed.is_self_issued() {
            return Err("it is no CA that wsee made");
        }
        let until = parsed.not_after.to_zoned(TimeZone::UTC).date();
        Ok(Self {
            name,
            until,
            key,
            certificate,
        })
    }

    fn pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(
            &pem::Pem::new("CERTIFICATE", self.certificate.to_vec()),
            config,
        )
    }
}

/// The name of an authority: different ones have different names, so that none is taken for another.
fn name(key: &KeyPair) -> String {
    let hash = Sha256::digest(key.public_key_raw());
    format!("wsee proxy CA {}", hex::encode(&hash[..4]))
}

fn params(name: &str, until: Date) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = validity(until);
    params
}

/// From the day before the authority was made, as clocks differ, to its last day.
fn validity(until: Date) -> (OffsetDateTime, OffsetDateTime) {
    let at = |date: Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(date.year().into(), month, day)
    };
    (at(until.saturating_sub((DAYS + 1).days())), at(until))
}

/// What is stored; `None` if nothing is.
fn read(path: &Path) -> Result<Option<Stored>, AuthorityError> {
    let problem = |problem: &dyn ToString| AuthorityError::File {
        file: path.to_owned(),
        problem: problem.to_string(),
    };
    let text = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(problem(&error)),
        Ok(found) if !found.is_file() => return Err(problem(&"it is no regular file")),
        Ok(found) if is_open_to_others(&found) => {
            return Err(AuthorityError::Open(path.to_owned()));
        }
        Ok(_) => fs::read(path).map_err(|error| problem(&error))?,
    };
    match Stored::parse(&String::from_utf8_lossy(&text)) {
        Ok(stored) => Ok(Some(stored)),
        Err(problem) => Err(AuthorityError::Content {
            file: path.to_owned(),
            problem,
        }),
    }
}

/// Writes the certificate for others, unless it is there.
fn publish(path: &Path, pem: &str) -> io::Result<()> {
    let found = fs::symlink_metadata(path);
    if found.is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other(
            "it is no regular file, and what a link leads to is not overwritten; move it away",
        ));
    }
    match fs::read(path) {
        Ok(found) if found == pem.as_bytes() => Ok(()),
        _ => Replacement::open(path)?.write(pem.as_bytes()),
    }
}

fn unfit(error: &Unfit) -> String {
    match error {
        Unfit::Io(error) => error.to_string(),
        Unfit::Foreign => "it belongs to another user".to_owned(),
        _ => "it is no regular file".to_owned(),
    }
}

/// The names of a certificate for a host, of which TLS asked for another name; each once.
pub(super) fn names(host: &str, server_name: Option<&str>) -> Vec<String> {
    let bare = |name: &str| {
        let name = name.split('%').next().unwrap_or(name);
        name.strip_suffix('.').unwrap_or(name).to_owned()
    };
    let mut names: Vec<String> = server_name.into_iter().chain([host]).map(bare).collect();
    names.dedup();
    // What a certificate cannot name is left out, such as a host with an underscore that no one asks for by TLS.
    names.retain(|name| name.parse::<IpAddr>().is_ok() || name.is_ascii());
    names
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}
