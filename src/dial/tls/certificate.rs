use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use x509_cert::TbsCertificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

/// A summary of a certificate. Its text comes from the issuer or the server, and may be hostile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// RFC 4514 text such as `CN=localhost`; may be empty.
    pub subject: String,
    /// RFC 4514 text.
    pub issuer: String,
    /// DNS names and IP addresses (RFC 5280 §4.2.1.6).
    pub names: Vec<String>,
    /// Those of `names` that are IP addresses, and not just look like one.
    pub(super) addresses: Vec<IpAddr>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub(super) defect: Option<Defect>,
}

/// Why a certificate cannot be verified, whatever is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Defect {
    /// X.509 version 1 or 2.
    Version(u8),
    /// A critical extension that is not known, by its OID.
    CriticalExtension(String),
    /// An RSA key of this many bits.
    WeakKey(usize),
    /// It was signed with such a key.
    WeakIssuer(usize),
}

/// The shortest RSA key that is verified, in bits.
const LEAST_RSA_BITS: usize = 2048;

/// The extensions that rustls understands; others must not be critical (RFC 5280 §4.2).
const KNOWN_EXTENSIONS: [&str; 6] = [
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.31",
    "2.5.29.37",
];

/// A certificate's public key.
pub(super) struct PublicKey {
    /// The `SubjectPublicKeyInfo` in DER.
    pub(super) info: Vec<u8>,
    /// The content of its `AlgorithmIdentifier`, without tag and length.
    pub(super) algorithm: Vec<u8>,
    /// The key itself.
    pub(super) bits: Vec<u8>,
}

impl PublicKey {
    /// The key of a certificate in DER, of any version and with any extension.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
        Self::of_body(certificate.tbs_certificate())
    }

    fn of_body(body: &TbsCertificate) -> Option<Self> {
        let info = body.subject_public_key_info();
        let algorithm = info.algorithm.to_der().ok()?;
        Some(Self {
            info: info.to_der().ok()?,
            // Tag and length are one byte each: no algorithm has parameters of 128 bytes.
            algorithm: algorithm.get(2..)?.to_vec(),
            bits: info.subject_public_key.raw_bytes().to_vec(),
        })
    }

    /// The length of an RSA key that is too short, in bits.
    pub(super) fn weakness(&self) -> Option<usize> {
        // RFC 8017 §A.1.1: the key is a sequence of modulus and exponent.
        let mut reader = SliceReader::new(&self.bits).ok()?;
        let modulus = reader.sequence(|key| {
            let modulus = UintRef::decode(key)?.as_bytes().to_vec();
            UintRef::decode(key)?;
            Ok::<_, x509_cert::der::Error>(modulus)
        });
        let modulus = modulus.ok()?;
        let leading = modulus.first()?.leading_zeros() as usize;
        let bits = modulus.len() * 8 - leading;
        (bits < LEAST_RSA_BITS).then_some(bits)
    }
}

impl Certificate {
    pub fn parse(der: &[u8]) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(der).ok()?;
        let body = certificate.tbs_certificate();
        let alternatives = match body.get_extension::<SubjectAltName>() {
            Ok(Some((_critical, names))) => names.0,
            Ok(None) | Err(_) => Vec::new(),
        };
        let names = alternatives.iter().filter_map(alternative_name_text);
        let names = names.collect();
        let addresses = alternatives.iter().filter_map(alternative_address);
        let addresses = addresses.collect();
        Some(Self {
            subject: distinguished_name_text(body.subject())?,
            issuer: distinguished_name_text(body.issuer())?,
            names,
            addresses,
            defect: defect(body),
            not_before: timestamp(body.validity().not_before.to_unix_duration()),
            not_after: timestamp(body.validity().not_after.to_unix_duration()),
        })
    }

    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether it names a host (RFC 9525 §6): an address as one, or a DNS name, perhaps with a wildcard label.
    pub(super) fn is_for(&self, host: &str) -> bool {
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.addresses.contains(&address);
        }
        let rest = host.split_once('.').map(|(_, rest)| rest);
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(domain) => rest.is_some_and(|rest| rest.eq_ignore_ascii_case(domain)),
            None => name.eq_ignore_ascii_case(host),
        })
    }

    /// RFC 5280 §4.1.2.5.
    pub fn is_valid_at(&self, time: Timestamp) -> bool {
        (self.not_before..=self.not_after).contains(&time)
    }
}

fn defect(body: &TbsCertificate) -> Option<Defect> {
    match body.version() {
        Version::V1 => return Some(Defect::Version(1)),
        Version::V2 => return Some(Defect::Version(2)),
        Version::V3 => {}
    }
    let unknown = body.extensions().into_iter().flatten().find(|extension| {
        let oid = extension.extn_id.to_string();
        extension.critical && !KNOWN_EXTENSIONS.contains(&oid.as_str())
    });
    if let Some(extension) = unknown {
        return Some(Defect::CriticalExtension(extension.extn_id.to_string()));
    }
    PublicKey::of_body(body)?.weakness().map(Defect::WeakKey)
}

/// Saturates at [`Timestamp::MAX`].
///
/// RFC 5280 §4.1.2.5: `99991231235959Z` means no expiry, and is later than that.
pub(super) fn timestamp(since_epoch: Duration) -> Timestamp {
    i64::try_from(since_epoch.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}

/// A distinguished name in DER, as RFC 4514 text.
pub(super) fn name_text(der: &[u8]) -> Option<String> {
    distinguished_name_text(&Name::from_der(der).ok()?)
}

fn distinguished_name_text(name: &Name) -> Option<String> {
    // Not `to_string`, which panics if a peer's value cannot be formatted.
    let mut text = String::new();
    write!(text, "{name}").ok()?;
    Some(text)
}

fn alternative_address(name: &GeneralName) -> Option<IpAddr> {
    match name {
        GeneralName::IpAddress(octets) => address(octets.as_bytes()),
        _ => None,
    }
}

fn alternative_name_text(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(octets) => address(octets.as_bytes()).map(|ip| ip.to_string()),
        _ => None,
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(ipv4) = <[u8; 4]>::try_from(octets) {
        return Some(ipv4.into());
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType, date_time_ymd};

    use super::*;

    fn params() -> CertificateParams {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params
            .subject_alt_names
            .push(SanType::IpAddress([127, 0, 0, 1].into()));
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "a, \u{1b}b");
        params.not_before = date_time_ymd(2020, 1, 2);
        params.not_after = date_time_ymd(2021, 3, 4);
        params
    }

    fn self_signed(params: &CertificateParams) -> Vec<u8> {
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn shows_names_and_validity() {
        let certificate = Certificate::parse(&self_signed(&params())).unwrap();
        assert_eq!(certificate.subject, r"CN=a\, \1bb");
        assert!(certificate.is_self_issued());
        assert_eq!(certificate.names, ["a.example", "127.0.0.1"]);
        assert_eq!(certificate.not_before.to_string(), "2020-01-02T00:00:00Z");
        assert_eq!(certificate.not_after.to_string(), "2021-03-04T00:00:00Z");
    }

    #[test]
    fn survives_a_certificate_that_never_expires() {
        let mut params = params();
        params.not_after = date_time_ymd(9999, 12, 31);
        let certificate = Certificate::parse(&self_signed(&params)).unwrap();
        assert_eq!(certificate.not_after, Timestamp::MAX);
    }

    #[test]
    fn gives_no_summary_of_what_does_not_parse() {
        let der = self_signed(&params());
        assert_eq!(Certificate::parse(b""), None);
        for length in 0..der.len() {
            assert_eq!(Certificate::parse(&der[..length]), None);
        }
    }

    #[test]
    fn never_panics_on_damaged_certificates() {
        let der = self_signed(&params());
        for index in 0..der.len() {
            for bits in [0x01, 0x1f, 0x80, 0xff] {
                let mut damaged = der.clone();
                damaged[index] ^= bits;
                let _ = Certificate::parse(&damaged);
            }
        }
    }
}
