mod proxy;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use proxy::{ProxyError, ProxyProblem, SocksProblem, SocksReply, TunnelRefusal};

use super::bar::Barred;
use super::endpoint::authority;
use super::family::Family;
use super::http2::Http2Error;
use super::system::io_text;
use super::tls::TlsFailure;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot resolve {host}: {}", resolver_text(.source))]
    Dns { host: String, source: io::Error },

    #[error("cannot connect to {}: {}", authority(.host, *.port), list(.attempts))]
    Connect {
        host: String,
        port: u16,
        /// In the order of failure.
        attempts: Vec<Attempt>,
    },

    #[error(transparent)]
    Tls(Box<TlsFailure>),

    #[error("{host} has no {} address", .family.name())]
    Family { host: String, family: Family },

    #[error("there is no network interface {name:?}")]
    Interface { name: String },

    #[error("cannot connect to the Unix socket {}: {}", .path.display(), io_text(.source))]
    Unix { path: PathBuf, source: io::Error },

    #[error(transparent)]
    Proxy(Box<ProxyError>),

    #[error(transparent)]
    Barred(#[from] Barred),

    #[error(transparent)]
    Http2(Box<Http2Error>),
}

impl From<Http2Error> for Error {
    fn from(error: Http2Error) -> Self {
        Self::Http2(Box::new(error))
    }
}

impl From<TlsFailure> for Error {
    fn from(error: TlsFailure) -> Self {
        Self::Tls(Box::new(error))
    }
}

#[derive(Debug, Clone)]
pub struct Attempt {
    pub address: SocketAddr,
    pub error: Arc<io::Error>,
    pub took: Duration,
}

impl Attempt {
    /// Whether it failed because a link-local address needs a zone (RFC 4007 §11).
    pub fn lacks_zone(&self) -> bool {
        let SocketAddr::V6(address) = self.address else {
            return false;
        };
        let is_local = address.ip().is_unicast_link_local() && address.scope_id() == 0;
        is_local && self.error.kind() == io::ErrorKind::InvalidInput
    }
}

/// The address and the reason, as in `127.0.0.1 refused`.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.ip();
        match self.error.kind() {
            io::ErrorKind::ConnectionRefused => write!(f, "{address} refused"),
            io::ErrorKind::TimedOut => write!(f, "{address} timed out"),
            io::ErrorKind::HostUnreachable => write!(f, "{address} is unreachable"),
            io::ErrorKind::NetworkUnreachable => write!(f, "no route to {address}"),
            _ => write!(f, "{address}: {}", io_text(&self.error)),
        }
    }
}

fn list(attempts: &[Attempt]) -> String {
    let attempts: Vec<String> = attempts.iter().map(Attempt::to_string).collect();
    attempts.join(", ")
}

/// What the system's resolver said; each C library has its own words.
fn resolver_text(error: &io::Error) -> String {
    let text = io_text(error);
    // The prefix is std's, and repeats `cannot resolve`.
    let text = text
        .strip_prefix("failed to lookup address information: ")
        .unwrap_or(&text);
    match text {
        "Temporary failure in name resolution" | "Try again" => "no resolver answers".to_owned(),
        "Name or service not known"
        | "Name does not resolve"
        | "No address associated with hostname"
        | "nodename nor servname provided, or not known" => "there is no such name".to_owned(),
        text => text.to_owned(),
    }
}

/// Whether the resolver could not be asked, so that the name may well be right.
pub fn is_unresolved(error: &io::Error) -> bool {
    resolver_text(error) == "no resolver answers"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(address: &str, kind: io::ErrorKind) -> Attempt {
        Attempt {
            address: address.parse().unwrap(),
            error: Arc::new(kind.into()),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn names_every_address_in_one_line() {
        let error = Error::Connect {
            host: "localhost".to_owned(),
            port: 9,
            attempts: vec![
                attempt("[::1]:9", io::ErrorKind::ConnectionRefused),
                attempt("127.0.0.1:9", io::ErrorKind::ConnectionRefused),
            ],
        };
        assert_eq!(
            error.to_string(),
            "cannot connect to localhost:9: ::1 refused, 127.0.0.1 refused"
        );
    }

    #[test]
    fn gives_each_address_its_own_reason() {
        let error = Error::Connect {
            host: "2001:db8::1".to_owned(),
            port: 443,
            attempts: vec![
                attempt("[2001:db8::1]:443", io::ErrorKind::NetworkUnreachable),
                attempt("192.0.2.1:443", io::ErrorKind::TimedOut),
            ],
        };
        assert_eq!(
            error.to_string(),
            "cannot connect to [2001:db8::1]:443: no route to 2001:db8::1, 192.0.2.1 timed out"
        );
    }

    #[test]
    fn only_a_link_local_address_can_lack_a_zone() {
        let lacks_zone = |address: &str| attempt(address, io::ErrorKind::InvalidInput).lacks_zone();
        assert!(lacks_zone("[fe80::1]:80"));
        assert!(!lacks_zone("[fe80::1%2]:80"));
        assert!(!lacks_zone("192.0.2.1:80"));
    }

    #[test]
    fn the_resolvers_error_is_in_plain_words() {
        let error = Error::Dns {
            host: "nowhere.invalid".to_owned(),
            source: io::Error::other(
                "failed to lookup address information: Name or service not known",
            ),
        };
        assert_eq!(
            error.to_string(),
            "cannot resolve nowhere.invalid: there is no such name"
        );
    }
}
