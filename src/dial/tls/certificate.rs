use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use x509_cert::der::Decode;
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
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl Certificate {
    pub fn parse(der: &[u8]) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(der).ok()?;
        let body = certificate.tbs_certificate();
        let names = match body.get_extension::<SubjectAltName>() {
            Ok(Some((_critical, names))) => {
                names.0.iter().filter_map(alternative_name_text).collect()
            }
            Ok(None) | Err(_) => Vec::new(),
        };
        Some(Self {
            subject: distinguished_name_text(body.subject())?,
            issuer: distinguished_name_text(body.issuer())?,
            names,
            not_before: timestamp(body.validity().not_before.to_unix_duration()),
            not_after: timestamp(body.validity().not_after.to_unix_duration()),
        })
    }

    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// RFC 5280 §4.1.2.5.
    pub fn is_valid_at(&self, time: Timestamp) -> bool {
        (self.not_before..=self.not_after).contains(&time)
    }
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
