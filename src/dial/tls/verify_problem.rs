//! Explains why a certificate is not trusted.

use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use super::Certificate;
use super::certificate::{Defect, timestamp};
use super::verify::{Refusal, is_about_issuer};

/// How many names of a certificate a message lists: it may have thousands.
const NAMES_SHOWN: usize = 8;

#[derive(Debug, PartialEq, Eq)]
pub struct VerifyProblem {
    /// May quote the certificate verbatim.
    pub(super) text: String,
    pub kind: VerifyProblemKind,
}

impl VerifyProblem {
    /// The server sent its own certificate only: nobody can tell a missing intermediate from an unknown root.
    pub(super) fn note_missing_chain(&mut self) {
        if self.kind == VerifyProblemKind::UnknownIssuer {
            self.kind = VerifyProblemKind::NoIntermediate;
            self.text
                .push_str(", and the server sent only its own certificate");
        }
    }
}

impl VerifyProblem {
    /// Adds what else is wrong with the certificate: advice that ignores it would fail.
    pub(super) fn add_further(&mut self, refusal: &Refusal, host: &str) {
        let Some(certificate) = &refusal.certificate else {
            return;
        };
        let is_about_time = matches!(
            refusal.verdict,
            CertificateError::ExpiredContext { .. } | CertificateError::NotValidYetContext { .. }
        );
        if !is_about_time {
            self.add_validity(certificate, moment(refusal.now));
        }
        let is_about_name = matches!(
            refusal.verdict,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        );
        if !is_about_name || certificate.defect.is_some() {
            self.add_name(certificate, host);
        }
    }

    fn add_validity(&mut self, certificate: &Certificate, now: Timestamp) {
        let text = if now > certificate.not_after {
            format!(", and it expired on {}", date(certificate.not_after))
        } else if now < certificate.not_before {
            format!(
                ", and it is not valid before {}",
                date(certificate.not_before)
            )
        } else {
            return;
        };
        self.text += &text;
        self.kind = VerifyProblemKind::Unusable;
    }

    fn add_name(&mut self, certificate: &Certificate, host: &str) {
        // The zone of an address and the dot at the end of a name are in no certificate.
        let host = host.split('%').next().unwrap_or(host);
        let host = host.strip_suffix('.').unwrap_or(host);
        if certificate.is_for(host) {
            return;
        }
        let name = wrong_name(Some(certificate), host);
        self.text += ", and ";
        self.text += &name.text.replacen("the certificate", "it", 1);
        let can_be_trusted = matches!(
            self.kind,
            VerifyProblemKind::SelfSigned
                | VerifyProblemKind::UnknownIssuer
                | VerifyProblemKind::NoIntermediate
        );
        self.kind = if can_be_trusted && name.kind == VerifyProblemKind::WrongName {
            VerifyProblemKind::UntrustedName
        } else {
            VerifyProblemKind::OtherName
        };
    }
}

impl fmt::Display for VerifyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyProblemKind {
    /// The issuer is unknown, and the system's roots could not be read.
    NoSystemRoots,
    NotPinned,
    NotYetValid,
    WrongName,
    NoName,
    UnknownIssuer,
    /// The issuer is unknown, and the server sent its own certificate only.
    NoIntermediate,
    WrongIssuerKey,
    SelfSigned,
    /// Nobody trusted has issued it, and it names other hosts.
    UntrustedName,
    /// It has no name that can be verified in place of the host.
    OtherName,
    /// Expired, damaged, or of a kind that servers must not have.
    Unusable,
}

/// Explains the verdict on `certificate`, which was shown for `host`. `no_store` says why the
/// system's roots were not available.
pub(super) fn explain(
    verdict: &CertificateError,
    certificate: Option<&Certificate>,
    host: &str,
    no_store: Option<&str>,
) -> VerifyProblem {
    if let Some(defect) = certificate.and_then(|it| it.defect.as_ref()) {
        return defective(defect);
    }
    let mut problem = explain_verdict(verdict, certificate, host);
    if let Some(reason) = no_store.filter(|_| is_about_issuer(verdict)) {
        let _ = write!(
            problem.text,
            ", and the system's roots were not read ({reason})"
        );
        problem.kind = VerifyProblemKind::NoSystemRoots;
    }
    problem
}

pub(super) fn unpinned(key: &str) -> VerifyProblem {
    VerifyProblem {
        text: format!("its public key {key} is not pinned"),
        kind: VerifyProblemKind::NotPinned,
    }
}

fn explain_verdict(
    verdict: &CertificateError,
    certificate: Option<&Certificate>,
    host: &str,
) -> VerifyProblem {
    match verdict {
        CertificateError::ExpiredContext { time, not_after } => {
            expired(*time, *not_after, certificate)
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            not_valid_yet(*time, *not_before)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            wrong_name(certificate, host)
        }
        _ => match certificate {
            Some(certificate) if is_about_issuer(verdict) => not_issued(verdict, certificate),
            // A self-signed CA certificate is rejected before its issuer is looked up.
            Some(certificate)
                if certificate.is_self_issued()
                    && matches!(verdict, CertificateError::Other(_)) =>
            {
                self_signed(certificate)
            }
            _ => refused(verdict),
        },
    }
}

fn defective(defect: &Defect) -> VerifyProblem {
    let text = match defect {
        Defect::Version(version) => {
            format!("the certificate is of X.509 version {version}, not 3 (RFC 5280 §4.1.2.1)")
        }
        Defect::CriticalExtension(oid) => {
            format!("the certificate has the unknown critical extension {oid} (RFC 5280 §4.2)")
        }
        Defect::WeakKey(bits) => {
            format!("the certificate's RSA key has {bits} bits, less than 2048")
        }
        Defect::WeakIssuer(bits) => {
            format!("the RSA key of the certificate's issuer has {bits} bits, less than 2048")
        }
    };
    VerifyProblem {
        text,
        kind: VerifyProblemKind::Unusable,
    }
}

fn expired(now: UnixTime, not_after: UnixTime, leaf: Option<&Certificate>) -> VerifyProblem {
    let (now, not_after) = (moment(now), moment(not_after));
    // The verifier does not say which certificate of the chain expired.
    let which = match leaf {
        Some(leaf) if leaf.not_after != not_after => "a certificate of its issuers",
        _ => "the certificate",
    };
    let ago = match days_between(not_after, now) {
        0 => "less than a day ago".to_owned(),
        days => format!("{} ago", count_of_days(days)),
    };
    VerifyProblem {
        text: format!("{which} expired on {} ({ago})", date(not_after)),
        kind: VerifyProblemKind::Unusable,
    }
}

fn not_valid_yet(now: UnixTime, not_before: UnixTime) -> VerifyProblem {
    let (now, not_before) = (moment(now), moment(not_before));
    let ahead = match days_between(now, not_before) {
        0 => "in less than a day".to_owned(),
        days => format!("in {}", count_of_days(days)),
    };
    VerifyProblem {
        text: format!(
            "the certificate is not valid before {} ({ahead})",
            date(not_before)
        ),
        kind: VerifyProblemKind::NotYetValid,
    }
}

fn wrong_name(certificate: Option<&Certificate>, host: &str) -> VerifyProblem {
    let names = certificate.map_or(&[][..], |certificate| certificate.names.as_slice());
    if names.is_empty() {
        return VerifyProblem {
            text: format!(
                "the certificate is not for {host}, as it has no subjectAltName with a name"
            ),
            kind: VerifyProblemKind::NoName,
        };
    }
    if let Ok(address) = host.parse::<IpAddr>()
        && names.iter().any(|name| name.parse() == Ok(address))
    {
        return VerifyProblem {
            text: format!(
                "the certificate has {host} as a DNS name, not as an IP address (RFC 9525 §6.5)"
            ),
            kind: VerifyProblemKind::OtherName,
        };
    }
    // A wildcard, or an address written as a DNS name, cannot be verified as it is.
    let is_verifiable = |name: &String| {
        !name.starts_with('*') && certificate.is_some_and(|certificate| certificate.is_for(name))
    };
    VerifyProblem {
        text: format!("the certificate is not for {host} but for {}", list(names)),
        kind: if names.iter().any(is_verifiable) {
            VerifyProblemKind::WrongName
        } else {
            VerifyProblemKind::OtherName
        },
    }
}

fn not_issued(verdict: &CertificateError, certificate: &Certificate) -> VerifyProblem {
    if certificate.is_self_issued() {
        return self_signed(certificate);
    }
    let issuer = in_parentheses(&certificate.issuer);
    if *verdict == CertificateError::UnknownIssuer {
        return VerifyProblem {
            text: format!("the issuer of the certificate is unknown{issuer}"),
            kind: VerifyProblemKind::UnknownIssuer,
        };
    }
    VerifyProblem {
        text: format!("the certificate was not signed with the key of its known issuer{issuer}"),
        kind: VerifyProblemKind::WrongIssuerKey,
    }
}

/// A name may be empty (RFC 5280 §4.1.2.6).
fn in_parentheses(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!(" ({name})")
    }
}

fn self_signed(certificate: &Certificate) -> VerifyProblem {
    VerifyProblem {
        text: format!(
            "the certificate is self-signed{}",
            in_parentheses(&certificate.subject)
        ),
        kind: VerifyProblemKind::SelfSigned,
    }
}

fn refused(verdict: &CertificateError) -> VerifyProblem {
    let text = match verdict {
        CertificateError::BadEncoding => "the certificate is damaged".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not one for servers (its extended key usage)".to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. } => {
            "the certificate or one of its issuers' is signed with an outdated algorithm".to_owned()
        }
        _ => format!("the certificate is not acceptable ({verdict})"),
    };
    VerifyProblem {
        text,
        kind: VerifyProblemKind::Unusable,
    }
}

fn list(names: &[String]) -> String {
    match names.split_at_checked(NAMES_SHOWN) {
        Some((shown, rest)) if !rest.is_empty() => {
            format!("{} and {} more", shown.join(", "), rest.len())
        }
        _ => names.join(", "),
    }
}

fn moment(time: UnixTime) -> Timestamp {
    timestamp(Duration::from_secs(time.as_secs()))
}

fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

fn days_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.duration_since(earlier).as_hours() / 24
}

fn count_of_days(days: i64) -> String {
    match days {
        1 => "1 day".to_owned(),
        _ => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;
    const NEW_YEAR: u64 = 1_767_225_600;

    fn unix(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn certificate(subject: &str, issuer: &str) -> Certificate {
        Certificate {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            names: vec!["a.example".to_owned(), "b.example".to_owned()],
            addresses: Vec::new(),
            defect: None,
            not_before: moment(unix(NEW_YEAR - DAY)),
            not_after: moment(unix(NEW_YEAR)),
        }
    }

    fn problem(verdict: &CertificateError, certificate: &Certificate) -> String {
        explain(verdict, Some(certificate), "c.example", None).text
    }

    #[test]
    fn says_when_it_expired() {
        let leaf = certificate("CN=leaf", "CN=ca");
        let expired_for = |age| CertificateError::ExpiredContext {
            time: unix(NEW_YEAR + age),
            not_after: unix(NEW_YEAR),
        };
        for (age, ago) in [
            (60, "less than a day ago"),
            (DAY, "1 day ago"),
            (12 * DAY + 5, "12 days ago"),
        ] {
            assert_eq!(
                problem(&expired_for(age), &leaf),
                format!("the certificate expired on 2026-01-01 ({ago})")
            );
        }
    }

    #[test]
    fn distinguishes_an_expired_issuer_from_an_expired_leaf() {
        let verdict = CertificateError::ExpiredContext {
            time: unix(NEW_YEAR + 3 * DAY),
            not_after: unix(NEW_YEAR + DAY),
        };
        assert_eq!(
            problem(&verdict, &certificate("CN=leaf", "CN=ca")),
            "a certificate of its issuers expired on 2026-01-02 (2 days ago)"
        );
    }

    #[test]
    fn says_when_it_becomes_valid() {
        let verdict = CertificateError::NotValidYetContext {
            time: unix(NEW_YEAR - 2 * DAY),
            not_before: unix(NEW_YEAR),
        };
        assert_eq!(
            problem(&verdict, &certificate("CN=leaf", "CN=ca")),
            "the certificate is not valid before 2026-01-01 (in 2 days)"
        );
    }

    #[test]
    fn lists_the_names_it_is_for() {
        let mut leaf = certificate("CN=leaf", "CN=ca");
        let verdict = CertificateError::NotValidForName;
        assert_eq!(
            problem(&verdict, &leaf),
            "the certificate is not for c.example but for a.example, b.example"
        );

        leaf.names = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(
            problem(&verdict, &leaf),
            "the certificate is not for c.example but for 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
        );

        leaf.names.clear();
        assert_eq!(
            problem(&verdict, &leaf),
            "the certificate is not for c.example, as it has no subjectAltName with a name"
        );
    }

    #[test]
    fn distinguishes_self_signed_from_unknown_issuer() {
        let verdict = CertificateError::UnknownIssuer;
        assert_eq!(
            problem(&verdict, &certificate("CN=me", "CN=me")),
            "the certificate is self-signed (CN=me)"
        );
        let issued = certificate("CN=me", "CN=ca");
        assert_eq!(
            explain(&verdict, Some(&issued), "c.example", None),
            VerifyProblem {
                text: "the issuer of the certificate is unknown (CN=ca)".to_owned(),
                kind: VerifyProblemKind::UnknownIssuer,
            }
        );
    }

    #[test]
    fn distinguishes_an_issuer_with_another_key_from_an_unknown_one() {
        let verdict = CertificateError::BadSignature;
        assert_eq!(
            problem(&verdict, &certificate("CN=leaf", "CN=ca")),
            "the certificate was not signed with the key of its known issuer (CN=ca)"
        );
        assert_eq!(
            problem(&verdict, &certificate("CN=me", "CN=me")),
            "the certificate is self-signed (CN=me)"
        );
        assert_eq!(
            problem(&verdict, &certificate("", "")),
            "the certificate is self-signed"
        );
    }

    #[test]
    fn falls_back_to_the_verifiers_words() {
        assert_eq!(
            explain(&CertificateError::Revoked, None, "c.example", None).text,
            "the certificate is not acceptable (Revoked)"
        );
    }
}
