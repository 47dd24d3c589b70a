//! Hints for TLS: what a server refused or showed, and the files that the user gave.

use crate::diagnostic::Diagnostic;
use crate::dial::tls::{HandshakeReason, VerifyProblemKind, Version};
use crate::dial::{
    IdentityError, IdentityProblem, PinError, PinProblem, RootsProblem, Shown, TlsFailure,
    TlsProblem,
};

pub(super) fn failure(failure: &TlsFailure) -> Option<&'static str> {
    match &failure.problem {
        TlsProblem::Handshake(problem) => Some(handshake(problem.reason?)),
        TlsProblem::ClientCertificate { asked, .. } => Some(match asked.shown {
            Shown::Nothing => "give one with --cert FILE and --key FILE",
            Shown::Unsuitable => "give --cert and --key one with another type of key",
            Shown::Certificate(_) => "check --cert",
        }),
        TlsProblem::Certificate(problem) => Some(certificate(problem.kind)),
        TlsProblem::ServerName => Some("check the URL"),
        TlsProblem::Roots(error) => Some(roots(&error.problem)),
    }
}

fn handshake(reason: HandshakeReason) -> &'static str {
    match reason {
        HandshakeReason::NotTls => "try ws://",
        HandshakeReason::Closed => "does it speak TLS on this port? if not, try ws://",
        HandshakeReason::NoProtocol => "--http 2 speaks HTTP/2; or enable HTTP/1.1 on this port",
        HandshakeReason::OnlyVersion(Version::Tls13) => "--tls-min 1.2 allows TLS 1.2",
        HandshakeReason::OnlyVersion(Version::Tls12) => "--tls-max 1.3 allows TLS 1.3",
        HandshakeReason::UnknownName => "--sni NAME asks for another",
        HandshakeReason::Outdated => "it may be outdated",
    }
}

fn certificate(kind: VerifyProblemKind) -> &'static str {
    match kind {
        VerifyProblemKind::NoSystemRoots => {
            "check SSL_CERT_FILE and SSL_CERT_DIR, or trust it with --cacert FILE"
        }
        VerifyProblemKind::NotPinned => "if it was renewed, correct --pinnedpubkey",
        VerifyProblemKind::NotYetValid => "check the clock of this machine, or use -k for a test",
        VerifyProblemKind::WrongName => {
            "if it is the right server, verify one of these with --sni NAME, or use -k for a test"
        }
        VerifyProblemKind::NoName => "it needs one, or use -k for a test",
        VerifyProblemKind::UnknownIssuer => {
            "trust the issuer with --cacert FILE, or use -k for a test"
        }
        VerifyProblemKind::NoIntermediate => {
            "install the whole chain on the server (fullchain.pem), or trust the issuer with \
             --cacert FILE, or use -k for a test"
        }
        VerifyProblemKind::WrongIssuerKey => {
            "check that --cacert FILE is the issuer's latest, or use -k for a test"
        }
        VerifyProblemKind::SelfSigned => "trust it with --cacert FILE, or use -k for a test",
        VerifyProblemKind::UntrustedName => {
            "trust it with --cacert FILE and verify one of its names with --sni NAME, or use -k for a test"
        }
        VerifyProblemKind::OtherName => {
            "replace it on the server with one for this host, or use -k for a test"
        }
        VerifyProblemKind::Unusable => "renew it on the server, or use -k for a test",
    }
}

pub(super) fn roots(problem: &RootsProblem) -> &'static str {
    match problem {
        RootsProblem::Unreadable(_) => "--cacert takes a readable file with certificates in PEM",
        RootsProblem::Empty => {
            "--cacert takes PEM; convert from DER: openssl x509 -inform der -in FILE -out FILE.pem"
        }
        RootsProblem::BadPem { .. } | RootsProblem::BadCertificate { .. } => {
            "export the file for --cacert again"
        }
    }
}

impl Diagnostic for IdentityError {
    fn hint(&self) -> Option<String> {
        let hint = match self.problem {
            IdentityProblem::Unreadable(_) => "give a readable file in PEM or PKCS#12",
            IdentityProblem::TooLarge => "give a file with one certificate chain and its key",
            IdentityProblem::UnknownFormat => {
                "convert it; from DER: openssl x509 -inform der -in FILE -out FILE.pem"
            }
            IdentityProblem::BadPem(_) | IdentityProblem::Rejected(_) => "export the file again",
            IdentityProblem::BadPkcs12(_) => "convert it: openssl pkcs12 -in FILE -out FILE.pem",
            IdentityProblem::NoCertificate => "--cert takes the certificate, --key its key",
            IdentityProblem::NoKey => "give the file that has it with --key FILE",
            IdentityProblem::OldEncryption => {
                "convert it: openssl pkcs8 -topk8 -in FILE -out FILE.p8"
            }
            IdentityProblem::Encryption(_) => {
                "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out FILE.p8"
            }
            IdentityProblem::WrongPassword => "see --pass",
            IdentityProblem::KeyMismatch => "check that --cert and --key are a pair",
        };
        Some(hint.to_owned())
    }
}

impl Diagnostic for PinError {
    fn hint(&self) -> Option<String> {
        let hint = match self.problem {
            PinProblem::Hash => "write sha256//HASH, several with ';' between them",
            PinProblem::Unreadable(_) => "give a readable file, or sha256//HASH",
            PinProblem::NoKey => "make one: openssl x509 -in CERT.pem -noout -pubkey",
        };
        Some(hint.to_owned())
    }
}
