//! Explains TLS handshakes that failed for reasons other than certificates.

use std::io;

use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};

use super::{Version, Versions};
use crate::dial::system::io_text;

#[derive(Debug)]
pub struct HandshakeProblem {
    /// May quote the server.
    pub(super) text: String,
    pub reason: Option<HandshakeReason>,
    /// Holds a [`rustls::Error`] unless the connection itself broke.
    pub source: io::Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeReason {
    NotTls,
    Closed,
    OnlyVersion(Version),
    /// The server speaks TLS, but none of the offered protocols in it.
    NoProtocol,
    UnknownName,
    /// The server speaks none of the versions and algorithms that wsee has.
    Outdated,
}

pub(super) fn explain(source: io::Error, port: u16, versions: Versions) -> HandshakeProblem {
    let error = source
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let (text, reason) = match error {
        // A record that begins with no TLS content type, such as `HTTP/1.1 400`.
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => (
            format!("the server does not speak TLS on port {port}"),
            Some(HandshakeReason::NotTls),
        ),
        Some(rustls::Error::AlertReceived(alert)) => alert_reason(*alert, versions),
        Some(rustls::Error::PeerIncompatible(reason)) => incompatible_reason(reason, versions),
        Some(rustls::Error::InvalidMessage(_) | rustls::Error::PeerMisbehaved(_)) => (
            "the server sent a message that is not valid TLS".to_owned(),
            None,
        ),
        Some(reason) => (reason.to_string(), None),
        None if source.kind() == io::ErrorKind::UnexpectedEof => (
            "the server closed the connection".to_owned(),
            Some(HandshakeReason::Closed),
        ),
        None if source.kind() == io::ErrorKind::ConnectionReset => (
            "the server reset the connection".to_owned(),
            Some(HandshakeReason::Closed),
        ),
        None => (io_text(&source), None),
    };
    HandshakeProblem {
        text,
        reason,
        source,
    }
}

fn alert_reason(alert: AlertDescription, versions: Versions) -> (String, Option<HandshakeReason>) {
    let (cause, reason) = match alert {
        AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion => {
            match only_version(versions) {
                Some(version) => (
                    format!(": it may not speak {}", version.name()),
                    Some(HandshakeReason::OnlyVersion(version)),
                ),
                None => (
                    ": no TLS version or cipher suite in common".to_owned(),
                    None,
                ),
            }
        }
        AlertDescription::NoApplicationProtocol => {
            let cause = ": it does not offer http/1.1 (ALPN), perhaps HTTP/2 only";
            (cause.to_owned(), Some(HandshakeReason::NoProtocol))
        }
        AlertDescription::UnrecognisedName => (
            ": it does not know this host name".to_owned(),
            Some(HandshakeReason::UnknownName),
        ),
        _ => (String::new(), None),
    };
    let alert = alert_name(alert);
    (format!("the server sent the alert {alert}{cause}"), reason)
}

fn incompatible_reason(
    reason: &PeerIncompatible,
    versions: Versions,
) -> (String, Option<HandshakeReason>) {
    let about_version = matches!(
        reason,
        PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::ServerDoesNotSupportTls12Or13
    );
    match only_version(versions).filter(|_| about_version) {
        Some(version) => (
            format!("the server does not speak {}", version.name()),
            Some(HandshakeReason::OnlyVersion(version)),
        ),
        None => (
            format!("the server offers no TLS that wsee accepts ({reason:?})"),
            Some(HandshakeReason::Outdated),
        ),
    }
}

fn only_version(versions: Versions) -> Option<Version> {
    (versions.min == versions.max).then_some(versions.max)
}

/// The alert's name as RFC 8446 §6 spells it, such as `handshake_failure`.
pub(super) fn alert_name(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnrecognisedName => return "unrecognized_name".to_owned(),
        AlertDescription::UnknownCA => return "unknown_ca".to_owned(),
        _ => {}
    }
    let Some(name) = alert.as_str() else {
        return format!("{}", u8::from(alert));
    };
    let mut spelled = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            spelled.push('_');
        }
        spelled.push(letter.to_ascii_lowercase());
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONLY_TLS13: Versions = Versions {
        min: Version::Tls13,
        max: Version::Tls13,
    };

    fn explained(error: rustls::Error, versions: Versions) -> HandshakeProblem {
        let error = io::Error::new(io::ErrorKind::InvalidData, error);
        explain(error, 8080, versions)
    }

    #[test]
    fn names_alerts_as_the_rfc_does() {
        let text = |alert| explained(rustls::Error::AlertReceived(alert), Versions::default()).text;
        assert_eq!(
            text(AlertDescription::HandshakeFailure),
            "the server sent the alert handshake_failure: no TLS version or cipher suite in common"
        );
        assert_eq!(
            text(AlertDescription::InternalError),
            "the server sent the alert internal_error"
        );
        assert_eq!(
            text(AlertDescription::Unknown(200)),
            "the server sent the alert 200"
        );
        assert_eq!(alert_name(AlertDescription::UnknownCA), "unknown_ca");
    }

    #[test]
    fn the_version_is_blamed_only_if_one_was_left_out() {
        for error in [
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion),
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into(),
        ] {
            let problem = explained(error.clone(), ONLY_TLS13);
            assert!(problem.text.ends_with("not speak TLS 1.3"), "{problem:?}");
            assert_eq!(
                problem.reason,
                Some(HandshakeReason::OnlyVersion(Version::Tls13))
            );
            let problem = explained(error, Versions::default());
            assert!(!problem.text.contains("speak"), "{problem:?}");
        }
    }
}
