//! TLS over a stream.

mod alert;
mod certificate;
mod client;
mod client_auth;
mod error;
mod identity;
mod key_exchange;
mod key_log;
mod pin;
mod pkcs12;
mod roots;
mod verify;
mod verify_problem;

use std::path::PathBuf;
use std::time::Duration;

pub use alert::{HandshakeProblem, HandshakeReason};
pub use certificate::Certificate;
pub(super) use client::Client;
pub use client::late_failure;
pub use client_auth::{ClientAuth, Shown};
pub use error::{TlsFailure, TlsProblem};
pub use identity::{Identity, IdentityError, IdentityProblem};
pub use pin::{PinError, PinProblem, Pins};
pub use roots::{Roots, RootsError, RootsProblem, SystemStore};
pub use verify_problem::{VerifyProblem, VerifyProblemKind};

/// What the caller wishes of TLS.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Accept any certificate; what is wrong with it is in [`Session::distrust`].
    pub insecure: bool,
    /// PEM files with certificates to trust besides the usual roots.
    pub cacert: Vec<PathBuf>,
    /// The usual roots.
    pub roots: Roots,
    /// Where the system's roots are.
    pub system_store: SystemStore,
    /// The keys one of which the server must have, whatever else is trusted.
    pub pins: Option<Pins>,
    /// What the server is shown if it asks for a client certificate.
    pub identity: Option<Identity>,
    /// The versions to offer.
    pub versions: Versions,
    /// The name to ask for, and to verify.
    pub sni: Sni,
    /// A file to which the secrets of connections are written.
    pub key_log: Option<PathBuf>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl Version {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }
}

/// The versions that are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The lowest.
    pub min: Version,
    /// The highest, not below `min`.
    pub max: Version,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            min: Version::Tls12,
            max: Version::Tls13,
        }
    }
}

/// The name that a server is asked for (Server Name Indication, RFC 6066 §3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sni {
    /// The target's host.
    #[default]
    Host,
    /// Another name or address, which the certificate has to be for.
    Name(String),
    /// None; the certificate has to be for the target's host.
    Off,
}

/// What a TLS handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The protocol version, such as `TLS 1.3`.
    pub version: String,
    /// The cipher suite, such as `TLS13_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// The key exchange group, such as `X25519MLKEM768`.
    pub key_exchange: Option<String>,
    /// The application protocol that the server chose (ALPN, RFC 7301), lossily decoded.
    pub alpn: Option<String>,
    /// The server's certificate; `None` if it does not parse.
    pub certificate: Option<Certificate>,
    /// With [`Options::insecure`], why the certificate would have been refused.
    pub distrust: Option<String>,
    /// The name that the server was asked for, if it is not the target's host.
    pub sni: Sni,
    /// The server's question for a client certificate.
    pub client_auth: Option<ClientAuth>,
    /// How long the handshake took.
    pub took: Duration,
}
