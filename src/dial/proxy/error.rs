//! Why there is no tunnel through a proxy.

use std::io;

use rustls::InvalidMessage;
use tokio_socks::Error as Socks;

use super::{Kind, Proxy};
use crate::dial::{Endpoint, Error};
use crate::proto::http1::{Body, Head, HeadError};

/// Why there is no tunnel through a proxy.
#[derive(Debug, thiserror::Error)]
#[error("the proxy {proxy} ({origin}) {problem}")]
pub struct ProxyError {
    /// Its URL without credentials.
    pub proxy: String,
    /// The flag or environment variable that names it.
    pub origin: &'static str,
    /// What is wrong.
    pub problem: ProxyProblem,
}

impl ProxyError {
    pub(super) fn new(proxy: &Proxy, problem: ProxyProblem) -> Self {
        Self {
            proxy: proxy.to_string(),
            origin: proxy.source,
            problem,
        }
    }
}

/// What is wrong with a proxy.
#[derive(Debug, thiserror::Error)]
pub enum ProxyProblem {
    /// There is no connection to it.
    #[error("{}", way(.0))]
    Way(#[source] Box<Error>),
    /// It answered CONNECT with another status than 2xx.
    #[error("refused the tunnel to {} with status {}", .0.endpoint, .0.status)]
    Refused(Box<Refusal>),
    /// It refused in the words of SOCKS, or made no sense.
    #[error(transparent)]
    Socks(#[from] SocksProblem),
    /// Its answer to CONNECT cannot be read.
    #[error("gave no HTTP answer to CONNECT: {0}")]
    Head(#[from] HeadError),
    /// More interim responses than anyone needs.
    #[error("answers CONNECT with interim (1xx) responses only")]
    TooManyInterim,
    /// It ended the connection in the middle of its answer, after this many bytes.
    #[error("{}", closed(*.0))]
    Closed(usize),
    /// The connection to it broke.
    #[error("broke the connection while the tunnel was asked for: {0}")]
    Io(#[from] io::Error),
}

impl ProxyProblem {
    pub(super) fn way(source: Error) -> Self {
        Self::Way(Box::new(source))
    }
}

/// A proxy's answer to CONNECT that is no 2xx.
#[derive(Debug)]
pub struct Refusal {
    /// What it was to connect to.
    pub endpoint: Endpoint,
    /// The status of its response.
    pub status: u16,
    /// The response's head.
    pub response: Head,
    /// The start of its body.
    pub body: Body,
    /// Whether the request had credentials.
    pub authorized: bool,
}

/// Why a SOCKS proxy made no tunnel.
#[derive(Debug, thiserror::Error)]
pub enum SocksProblem {
    /// It could not or would not connect.
    #[error("cannot connect to {endpoint}: {reason}")]
    Refused {
        /// What it was to connect to.
        endpoint: String,
        /// What its reply code means.
        reason: &'static str,
    },
    /// It wants other credentials, or any.
    #[error("{0}")]
    Login(&'static str),
    /// What it says is not SOCKS.
    #[error(
        "does not speak this version of SOCKS ({0}); check the scheme and the port of the proxy"
    )]
    Protocol(String),
    /// SOCKS4 knows IPv4 addresses only.
    #[error("speaks SOCKS4, which takes no IPv6 address; use socks5:// or socks4a://")]
    NoIpv4,
    /// The name does not fit into the request.
    #[error("cannot be told a host name of more than 255 bytes; check the URL")]
    NameTooLong,
}

impl SocksProblem {
    /// Puts an error of the library into words.
    pub(super) fn new(kind: Kind, endpoint: &Endpoint, error: Socks, authorized: bool) -> Self {
        let reason = match error {
            Socks::NoAcceptableAuthMethods | Socks::AuthorizationRequired if authorized => {
                return Self::Login("takes no user name and password; leave -U out");
            }
            Socks::NoAcceptableAuthMethods | Socks::AuthorizationRequired => {
                return Self::Login("wants credentials; add -U USER:PASS");
            }
            Socks::PasswordAuthFailure(_) => {
                return Self::Login("does not accept these credentials; check user and password");
            }
            Socks::IdentdAuthFailure | Socks::InvalidUserIdAuthFailure => {
                return Self::Login("does not accept this user name; check -U");
            }
            Socks::GeneralSocksServerFailure if matches!(kind, Kind::Socks4 | Kind::Socks4a) => {
                "request rejected or failed (code 91)"
            }
            Socks::GeneralSocksServerFailure => "general failure (reply 1); its log may say more",
            Socks::ConnectionNotAllowedByRuleset => "not allowed by its rules (reply 2)",
            Socks::NetworkUnreachable => "network unreachable (reply 3)",
            Socks::HostUnreachable => "host unreachable (reply 4); it may not know the name",
            Socks::ConnectionRefused => {
                "connection refused (reply 5); is the server running on this port?"
            }
            Socks::TtlExpired => "TTL expired (reply 6)",
            Socks::CommandNotSupported => "it does not do CONNECT (reply 7)",
            Socks::AddressTypeNotSupported => {
                "it does not take this type of address (reply 8); try socks5h:// or -4"
            }
            other => return Self::Protocol(other.to_string().to_lowercase()),
        };
        Self::Refused {
            endpoint: endpoint.to_string(),
            reason,
        }
    }
}

/// The cures of a server's TLS are other flags than those of a proxy's.
fn way(error: &Error) -> String {
    match error {
        Error::Certificate { problem, .. } => format!(
            "is not trusted: {problem}; --proxy-cacert FILE trusts its issuer, \
             --proxy-insecure any certificate"
        ),
        Error::Tls { source, .. } if is_not_tls(source) => {
            "does not speak TLS; write http:// for it instead of https://".to_owned()
        }
        Error::ClientRoots(error) => {
            format!(
                "cannot be verified: --proxy-cacert {}: {}",
                error.file.display(),
                error.problem
            )
        }
        error => format!("cannot be used: {error}"),
    }
}

fn is_not_tls(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|it| it.downcast_ref());
    matches!(
        inner,
        Some(rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
        ))
    )
}

fn closed(bytes: usize) -> String {
    match bytes {
        0 => "ended the connection without answering CONNECT; does it speak HTTP?".to_owned(),
        bytes => format!("ended the connection in the middle of its answer, after {bytes} bytes"),
    }
}
