//! Hints for connections that could not be made.

use std::io::ErrorKind;

use super::{proxy, tls};
use crate::diagnostic::Diagnostic;
use crate::dial::{Attempt, Barred, Error, Family, Http2Error, is_unresolved};

impl Diagnostic for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Dns { source, .. } if is_unresolved(source) => {
                Some("check the network, a VPN, and /etc/resolv.conf".to_owned())
            }
            Self::Dns { .. } => Some("is the name spelled right?".to_owned()),
            Self::Connect { attempts, .. } => attempts_hint(attempts).map(str::to_owned),
            Self::Tls(failure) => tls::failure(failure).map(str::to_owned),
            Self::Family { family, .. } => {
                let flag = match family {
                    Family::V4 => "-4",
                    Family::V6 => "-6",
                };
                Some(format!("leave out {flag} or --interface"))
            }
            Self::Interface { .. } => Some("`ip link` lists the interfaces".to_owned()),
            Self::Unix { source, .. } => unix(source.kind()).map(str::to_owned),
            Self::Proxy(error) => proxy::error(error),
            Self::Http2(problem) => http2(problem).map(str::to_owned),
            Self::Barred(barred) => barred.hint(),
        }
    }
}

impl Diagnostic for Barred {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Itself => None,
            Self::Loopback(host) => Some(format!("--intercept {host} lets others reach it")),
        }
    }
}

fn http2(problem: &Http2Error) -> Option<&'static str> {
    match problem {
        missing if missing.is_missing() => {
            Some("--http auto falls back to HTTP/1.1, as browsers do")
        }
        Http2Error::NoStreams | Http2Error::Reset(_) | Http2Error::OtherProtocol(_) => {
            Some("try --http 1.1")
        }
        _ => None,
    }
}

fn attempts_hint(attempts: &[Attempt]) -> Option<&'static str> {
    let any = |kind| attempts.iter().any(|attempt| attempt.error.kind() == kind);
    if attempts.iter().any(Attempt::lacks_zone) {
        Some("write it with its interface, as in [fe80::1%25eth0]")
    } else if any(ErrorKind::ConnectionRefused) {
        Some("is the server running on this port?")
    } else if any(ErrorKind::TimedOut) {
        Some("does a firewall drop the packets?")
    } else if any(ErrorKind::NetworkUnreachable) {
        Some("is the network up?")
    } else {
        None
    }
}

fn unix(error: ErrorKind) -> Option<&'static str> {
    match error {
        ErrorKind::NotFound => Some("check the path"),
        ErrorKind::ConnectionRefused => Some("is the server running?"),
        ErrorKind::PermissionDenied => Some("may this user use it?"),
        _ => None,
    }
}
