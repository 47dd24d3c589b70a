//! The server's request for a client certificate, and its reaction to the answer.

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, SignatureScheme};

use super::alert::alert_name;
use super::certificate::name_text;
use super::identity::Identity;

/// How many accepted issuers a message lists: a server may name thousands.
const ISSUERS_SHOWN: usize = 4;

/// A server's request for a client certificate (RFC 8446 §4.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAuth {
    pub shown: Shown,
    /// The first of the issuers it accepts, as RFC 4514 text; it may name none.
    pub issuers: Vec<String>,
    pub more_issuers: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    /// Nothing was shown: the server accepts no signature that the key can make.
    Unsuitable,
    Certificate(String),
}

impl ClientAuth {
    pub fn is_answered(&self) -> bool {
        matches!(self.shown, Shown::Certificate(_))
    }
}

/// The accepted issuers, as in ` issued by CN=a or CN=b`.
impl fmt::Display for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.issuers.is_empty() {
            return Ok(());
        }
        // Most names contain commas.
        write!(f, " issued by {}", self.issuers.join(" or "))?;
        match self.more_issuers {
            0 => Ok(()),
            more => write!(f, " or {more} more"),
        }
    }
}

/// Answers the request and keeps it; one for each handshake.
#[derive(Debug)]
pub(super) struct Resolver {
    identity: Option<Identity>,
    asked: OnceLock<ClientAuth>,
}

impl Resolver {
    pub(super) fn new(identity: Option<Identity>) -> Self {
        Self {
            identity,
            asked: OnceLock::new(),
        }
    }

    pub(super) fn asked(&self) -> Option<&ClientAuth> {
        self.asked.get()
    }
}

impl ResolvesClientCert for Resolver {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let suitable = |it: &&Identity| it.key.key.choose_scheme(schemes).is_some();
        let shown = match (&self.identity, self.identity.as_ref().filter(suitable)) {
            (None, _) => Shown::Nothing,
            (Some(_), None) => Shown::Unsuitable,
            (Some(_), Some(identity)) => Shown::Certificate(identity.subject.clone()),
        };
        let first = issuers.iter().take(ISSUERS_SHOWN);
        let names: Vec<_> = first.filter_map(|der| name_text(der)).collect();
        self.asked.get_or_init(|| ClientAuth {
            shown,
            more_issuers: issuers.len() - names.len(),
            issuers: names,
        });
        let identity = self.identity.as_ref().filter(suitable)?;
        Some(Arc::clone(&identity.key))
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}

pub(super) fn refusal(asked: &ClientAuth, error: &io::Error) -> Option<AlertDescription> {
    let rustls::Error::AlertReceived(alert) = error.get_ref()?.downcast_ref()? else {
        return None;
    };
    let is_about_certificate = match alert {
        AlertDescription::NoCertificate
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied
        | AlertDescription::CertificateRequired => true,
        // RFC 5246 §7.4.6: a server may send this if it is shown no certificate.
        AlertDescription::HandshakeFailure => !asked.is_answered(),
        // An invalid signature, the client's or its issuer's.
        AlertDescription::DecryptError => asked.is_answered(),
        _ => false,
    };
    is_about_certificate.then_some(*alert)
}

/// The server's reaction as a predicate, to follow its name.
pub(super) fn refusal_text(asked: &ClientAuth, alert: AlertDescription) -> String {
    let subject = match &asked.shown {
        Shown::Nothing => return format!("demands a client certificate{asked}"),
        Shown::Unsuitable => {
            return format!("demands a client certificate{asked}, for another type of key");
        }
        Shown::Certificate(subject) if subject.is_empty() => "",
        Shown::Certificate(subject) => &format!("{subject} "),
    };
    let reason = match alert {
        AlertDescription::UnknownCA => "it does not know its issuer",
        AlertDescription::DecryptError => "its issuer did not sign it with the key that is known",
        AlertDescription::CertificateExpired => "it has expired",
        AlertDescription::CertificateRevoked => "it was revoked",
        AlertDescription::AccessDenied => "the certificate is valid, but access was denied",
        AlertDescription::UnsupportedCertificate => "the server does not accept its type",
        _ => "the server does not say why",
    };
    let alert = alert_name(alert);
    let wanted = match asked.to_string().as_str() {
        "" => String::new(),
        issuers => format!("; it accepts those{issuers}"),
    };
    format!("rejects the client certificate {subject}with the alert {alert} ({reason}){wanted}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_without_a_subject_leaves_no_gap() {
        for (subject, text) in [("", "certificate with"), ("CN=a", "certificate CN=a with")] {
            let asked = ClientAuth {
                shown: Shown::Certificate(subject.to_owned()),
                issuers: Vec::new(),
                more_issuers: 0,
            };
            let said = refusal_text(&asked, AlertDescription::UnknownCA);
            assert!(
                said.starts_with(&format!("rejects the client {text} the alert")),
                "{said}"
            );
        }
    }
}
