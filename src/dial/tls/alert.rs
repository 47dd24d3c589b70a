//! Why a TLS handshake failed, for reasons other than certificates, in words.

use std::io;

use rustls::{AlertDescription, InvalidMessage, PeerIncompatible};

use super::{Version, Versions};

/// What went wrong with the server on `port`, which was offered `versions`, and what helps.
pub(in crate::dial) fn tls_reason(error: &io::Error, port: u16, versions: Versions) -> String {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        // A record that begins with no TLS content type, such as `HTTP/1.1 400`.
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            format!("the server does not speak TLS on port {port}; try ws://")
        }
        Some(rustls::Error::AlertReceived(alert)) => alert_reason(*alert, versions),
        Some(rustls::Error::PeerIncompatible(reason)) => incompatible_reason(reason, versions),
        Some(reason) => reason.to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("the server closed the connection; does it speak TLS on port {port}?")
        }
        None => error.to_string(),
    }
}

fn alert_reason(alert: AlertDescription, versions: Versions) -> String {
    let cause = match alert {
        AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion => {
            match other_version(versions) {
                Some((offered, cure)) => format!("it may not speak {offered}; {cure}"),
                None => "no TLS version or cipher suite in common".to_owned(),
            }
        }
        AlertDescription::NoApplicationProtocol => "it does not offer http/1.1 (ALPN)".to_owned(),
        AlertDescription::UnrecognisedName => {
            "it does not know this host name; --sni NAME asks for another".to_owned()
        }
        _ => return format!("the server sent the alert {}", alert_name(alert)),
    };
    format!("the server sent the alert {}: {cause}", alert_name(alert))
}

fn incompatible_reason(reason: &PeerIncompatible, versions: Versions) -> String {
    let about_version = matches!(
        reason,
        PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::ServerDoesNotSupportTls12Or13
    );
    match other_version(versions).filter(|_| about_version) {
        Some((offered, cure)) => format!("the server does not speak {offered}; {cure}"),
        None => {
            format!("the server offers no TLS that wsee accepts ({reason:?}); it may be outdated")
        }
    }
}

/// The only version that was offered, and how to offer the other one.
fn other_version(versions: Versions) -> Option<(&'static str, &'static str)> {
    match (versions.min, versions.max) {
        (Version::Tls12, Version::Tls13) => None,
        (Version::Tls13, _) => Some(("TLS 1.3", "--tls-min 1.2 allows TLS 1.2")),
        (_, Version::Tls12) => Some(("TLS 1.2", "--tls-max 1.3 allows TLS 1.3")),
    }
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

    fn tls_failure(error: rustls::Error, versions: Versions) -> String {
        let error = io::Error::new(io::ErrorKind::InvalidData, error);
        tls_reason(&error, 8080, versions)
    }

    #[test]
    fn names_alerts_as_the_rfc_does() {
        let failure = |alert| tls_failure(rustls::Error::AlertReceived(alert), Versions::default());
        assert_eq!(
            failure(AlertDescription::HandshakeFailure),
            "the server sent the alert handshake_failure: no TLS version or cipher suite in common"
        );
        assert_eq!(
            failure(AlertDescription::InternalError),
            "the server sent the alert internal_error"
        );
        assert_eq!(
            failure(AlertDescription::Unknown(200)),
            "the server sent the alert 200"
        );
        assert_eq!(alert_name(AlertDescription::UnknownCA), "unknown_ca");
    }

    #[test]
    fn names_the_flag_that_left_out_the_servers_version() {
        for error in [
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion),
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into(),
        ] {
            let text = tls_failure(error, ONLY_TLS13);
            let end = "not speak TLS 1.3; --tls-min 1.2 allows TLS 1.2";
            assert!(text.ends_with(end), "{text}");
        }
    }

    #[test]
    fn names_no_flag_if_everything_was_offered() {
        for error in [
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion),
            PeerIncompatible::ServerDoesNotSupportTls12Or13.into(),
        ] {
            let text = tls_failure(error, Versions::default());
            assert!(!text.contains("--tls"), "{text}");
        }
    }
}
