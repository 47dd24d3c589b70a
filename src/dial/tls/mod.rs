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

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Accepts any certificate; [`Session::distrust`] says what is wrong with it.
    pub insecure: bool,
    /// PEM files with certificates to trust in addition to the usual roots.
    pub cacert: Vec<PathBuf>,
    pub roots: Roots,
    pub system_store: SystemStore,
    /// The server must have one of these keys, whatever else is trusted.
    pub pins: Option<Pins>,
    pub identity: Option<Identity>,
    pub versions: Versions,
    pub sni: Sni,
    pub key_log: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    Tls12,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    pub min: Version,
    /// Not below `min`.
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

/// The name to ask a server for (Server Name Indication, RFC 6066 §3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sni {
    #[default]
    Host,
    Name(String),
    /// The name that the client asked for whose connection passes through.
    Relayed(String),
    /// None; the certificate must match the target's host.
    Off,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub version: String,
    /// Such as `TLS13_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    pub key_exchange: Option<String>,
    /// The server's choice (RFC 7301), lossily decoded.
    pub alpn: Option<String>,
    /// `None` if it does not parse.
    pub certificate: Option<Certificate>,
    /// With [`Options::insecure`], why the certificate would have been rejected.
    pub distrust: Option<String>,
    pub sni: Sni,
    pub client_auth: Option<ClientAuth>,
    pub took: Duration,
}
