use std::io;

use super::Error;
use crate::dial::endpoint::Endpoint;
use crate::dial::system::io_text;
use crate::dial::tls::{HandshakeReason, TlsProblem};
use crate::proto::http1::{Body, Head, HeadError};

#[derive(Debug, thiserror::Error)]
#[error("the proxy {proxy} ({origin}) {problem}")]
pub struct ProxyError {
    pub proxy: String,
    /// The flag or environment variable that names it.
    pub origin: &'static str,
    pub problem: ProxyProblem,
}

#[derive(Debug, thiserror::Error)]
pub enum ProxyProblem {
    #[error("{}", unreachable_text(.0))]
    Unreachable(#[source] Box<Error>),
    #[error("refused the tunnel to {} with status {}", .0.endpoint, .0.status)]
    Refused(Box<TunnelRefusal>),
    #[error(transparent)]
    Socks(#[from] SocksProblem),
    #[error("gave no HTTP answer to CONNECT: {0}")]
    Head(#[from] HeadError),
    #[error("answers CONNECT with interim (1xx) responses only")]
    TooManyInterim,
    /// It closed the connection after this many bytes of its answer.
    #[error("{}", closed(*.0))]
    Closed(usize),
    #[error("broke the connection while the tunnel was asked for: {}", io_text(.0))]
    Io(#[from] io::Error),
}

#[derive(Debug)]
pub struct TunnelRefusal {
    pub endpoint: Endpoint,
    pub status: u16,
    pub response: Head,
    pub body: Body,
    pub authorized: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum SocksProblem {
    #[error("cannot connect to {endpoint}: {reply}")]
    Refused { endpoint: String, reply: SocksReply },
    #[error("wants credentials")]
    CredentialsWanted,
    #[error("takes no user name and password")]
    CredentialsUnwanted,
    #[error("does not accept these credentials")]
    CredentialsRejected,
    #[error("does not accept this user name")]
    UserRejected,
    #[error("does not speak this version of SOCKS ({0})")]
    Protocol(String),
    #[error("speaks SOCKS4, which takes no IPv6 address")]
    NoIpv4,
    #[error("cannot take a host name of more than 255 bytes")]
    NameTooLong,
}

/// A failure that a SOCKS proxy reports: codes of SOCKS4, replies of SOCKS5 (RFC 1928 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SocksReply {
    #[error("request rejected or failed (code 91)")]
    Socks4Failure,
    #[error("general failure (reply 1)")]
    GeneralFailure,
    #[error("not allowed by its rules (reply 2)")]
    NotAllowed,
    #[error("network unreachable (reply 3)")]
    NetworkUnreachable,
    #[error("host unreachable (reply 4)")]
    HostUnreachable,
    #[error("connection refused (reply 5)")]
    ConnectionRefused,
    #[error("TTL expired (reply 6)")]
    TtlExpired,
    #[error("it does not support CONNECT (reply 7)")]
    CommandNotSupported,
    #[error("it does not take this type of address (reply 8)")]
    AddressNotSupported,
}

fn unreachable_text(error: &Error) -> String {
    let Error::Tls(failure) = error else {
        return format!("cannot be used: {error}");
    };
    match &failure.problem {
        TlsProblem::Certificate(problem) => format!("is not trusted: {problem}"),
        TlsProblem::Handshake(problem) if problem.reason == Some(HandshakeReason::NotTls) => {
            "does not speak TLS".to_owned()
        }
        TlsProblem::Roots(error) => format!("cannot be verified: {error}"),
        _ => format!("cannot be used: {error}"),
    }
}

fn closed(bytes: usize) -> String {
    match bytes {
        0 => "ended the connection without answering CONNECT".to_owned(),
        bytes => format!("ended the connection in the middle of its answer, after {bytes} bytes"),
    }
}
