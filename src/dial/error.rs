//! Why a connection could not be made.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::AlertDescription;

use super::endpoint::authority;
use super::family::Family;
use super::proxy::ProxyError;
use super::tls::{ClientAuth, RootsError, Versions, refusal_text, tls_reason};

/// Why a connection could not be made; the variant says at which stage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host's name could not be resolved.
    #[error("cannot resolve {host}: {}; is the name spelled right?", resolver_text(.source))]
    Dns {
        /// The name.
        host: String,
        /// What the system's resolver said.
        source: io::Error,
    },

    /// No address of the host could be connected to.
    #[error("cannot connect to {}: {}", authority(.host, *.port), Attempts(.attempts))]
    Connect {
        /// The host as it was given.
        host: String,
        /// The TCP port.
        port: u16,
        /// Every address that was tried, in the order of failure.
        attempts: Vec<Attempt>,
    },

    /// The TLS handshake failed, for a reason other than the server's certificate.
    #[error("TLS handshake with {} failed: {}", authority(.host, *.port), tls_reason(.source, *.port, *.versions))]
    Tls {
        /// The host as it was given.
        host: String,
        /// The TCP port.
        port: u16,
        /// The versions that were offered.
        versions: Versions,
        /// What went wrong; holds a [`rustls::Error`] unless the connection itself broke.
        source: io::Error,
    },

    /// The server demands a client certificate, or refuses the one that it was shown.
    #[error("{} did not let us in: {}", authority(.host, *.port), refusal_text(.asked, *.alert))]
    ClientCertificate {
        /// The host as it was given.
        host: String,
        /// The TCP port.
        port: u16,
        /// What it asked for, and what it was shown.
        asked: ClientAuth,
        /// How it refused.
        alert: AlertDescription,
    },

    /// The server's certificate is not trusted.
    #[error("cannot trust {}: {problem}; {cure}", authority(.host, *.port))]
    Certificate {
        /// The host as it was given.
        host: String,
        /// The TCP port.
        port: u16,
        /// What is wrong with the certificate. May hold text from it, as it is.
        problem: String,
        /// What the user can do.
        cure: &'static str,
        /// The verdict of the verification.
        source: Box<rustls::Error>,
    },

    /// The host's name cannot stand in a certificate, so that none could be verified.
    #[error("{host:?} is not a host name that TLS can verify; check the URL")]
    ServerName {
        /// The host as it was given.
        host: String,
    },

    /// The host has no address of the only family that is wanted.
    #[error("{host} has no {} address; leave out -{} or --interface", .family.name(), flag(*.family))]
    Family {
        /// The host as it was given.
        host: String,
        /// The family.
        family: Family,
    },

    /// There is no network interface of this name: a usage error.
    #[error("{place}: no interface is called {name:?}; `ip link` lists them")]
    Interface {
        /// Where the name stands.
        place: &'static str,
        /// The name.
        name: String,
    },

    /// A Unix socket could not be connected to.
    #[error("cannot connect to the Unix socket {}: {source}{}", .path.display(), unix_hint(.source))]
    Unix {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// There is no tunnel through the proxy.
    #[error(transparent)]
    Proxy(Box<ProxyError>),

    /// The roots that the user gave cannot be used: a usage error.
    #[error(transparent)]
    ClientRoots(#[from] RootsError),
}

/// An address that was tried and could not be connected to.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// Why it failed.
    pub error: Arc<io::Error>,
    /// How long the attempt took.
    pub took: Duration,
}

impl Attempt {
    /// Whether it failed because nobody knows which network the address is in (RFC 4007 §11).
    fn lacks_zone(&self) -> bool {
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
            _ => write!(f, "{address}: {}", self.error),
        }
    }
}

/// All attempts in one line, and what may help.
struct Attempts<'a>(&'a [Attempt]);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attempt) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{attempt}")?;
        }
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl Attempts<'_> {
    fn hint(&self) -> Option<&'static str> {
        let any = |kind| self.0.iter().any(|attempt| attempt.error.kind() == kind);
        if self.0.iter().any(Attempt::lacks_zone) {
            Some("write it with its interface, as in [fe80::1%25eth0]")
        } else if any(io::ErrorKind::ConnectionRefused) {
            Some("is the server running on this port?")
        } else if any(io::ErrorKind::TimedOut) {
            Some("does a firewall drop the packets?")
        } else if any(io::ErrorKind::NetworkUnreachable) {
            Some("is the network up?")
        } else {
            None
        }
    }
}

fn flag(family: Family) -> char {
    match family {
        Family::V4 => '4',
        Family::V6 => '6',
    }
}

fn unix_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; check the path",
        io::ErrorKind::ConnectionRefused => "; is the server running?",
        io::ErrorKind::PermissionDenied => "; may this user use it?",
        _ => "",
    }
}

fn resolver_text(error: &io::Error) -> String {
    // The prefix is std's, and says nothing that `cannot resolve` does not say.
    let text = error.to_string();
    match text.strip_prefix("failed to lookup address information: ") {
        Some(reason) => reason.to_owned(),
        None => text,
    }
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
            "cannot connect to localhost:9: ::1 refused, 127.0.0.1 refused; \
             is the server running on this port?"
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
            "cannot connect to [2001:db8::1]:443: no route to 2001:db8::1, 192.0.2.1 timed out; \
             does a firewall drop the packets?"
        );
    }

    #[test]
    fn a_link_local_address_without_zone_is_explained() {
        let hint = |address: &str| {
            let attempts = [attempt(address, io::ErrorKind::InvalidInput)];
            Attempts(&attempts).hint()
        };
        assert!(hint("[fe80::1]:80").is_some_and(|hint| hint.contains("%25eth0")));
        assert_eq!(hint("[fe80::1%2]:80"), None);
        assert_eq!(hint("192.0.2.1:80"), None);
    }

    #[test]
    fn says_what_the_resolver_said_without_its_prefix() {
        let error = Error::Dns {
            host: "nowhere.invalid".to_owned(),
            source: io::Error::other(
                "failed to lookup address information: Name or service not known",
            ),
        };
        assert_eq!(
            error.to_string(),
            "cannot resolve nowhere.invalid: Name or service not known; is the name spelled right?"
        );
    }
}
