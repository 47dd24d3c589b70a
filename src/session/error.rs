use std::io;
use std::time::Duration;

use super::redirect::RedirectError;
use crate::diagnostic::Diagnostic;
use crate::dial::{self, ProxyError, ProxyProblem, TlsFailure, TlsProblem};
use crate::exit::Exit;
use crate::proto::handshake::{HandshakeError, Refusal};
use crate::proto::http1::Body;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Dial(#[from] dial::Error),
    #[error("the connection broke during the opening handshake: {0}")]
    Stream(#[from] io::Error),
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    #[error("the server refused the upgrade with status {}", .0.refusal.status)]
    Refused(Box<Refused>),
    #[error("{phase} took longer than {limit:?}")]
    Timeout {
        phase: &'static str,
        limit: Duration,
        flag: &'static str,
    },
}

impl OpenError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Dial(error) => dial_exit(error),
            Self::Stream(_) | Self::Handshake(_) => Exit::BadHandshake,
            Self::Redirect(_) => Exit::Redirect,
            Self::Refused(_) => Exit::Refused,
            Self::Timeout { .. } => Exit::Timeout,
        }
    }
}

impl Diagnostic for OpenError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Dial(error) => error.hint(),
            Self::Handshake(error) => error.hint(),
            Self::Timeout { flag, .. } => Some(format!("{flag} allows more")),
            Self::Redirect(error) => error.hint(),
            Self::Stream(_) | Self::Refused(_) => None,
        }
    }
}

fn dial_exit(error: &dial::Error) -> Exit {
    match error {
        dial::Error::Dns { .. } | dial::Error::Family { .. } => Exit::Dns,
        dial::Error::Connect { .. } | dial::Error::Unix { .. } => Exit::Connect,
        dial::Error::Tls(failure) => tls_exit(failure),
        dial::Error::Interface { .. } => Exit::Usage,
        dial::Error::Proxy(error) => proxy_exit(error),
    }
}

fn tls_exit(failure: &TlsFailure) -> Exit {
    match failure.problem {
        TlsProblem::Handshake(_) | TlsProblem::ServerName => Exit::Tls,
        TlsProblem::ClientCertificate { .. } => Exit::ClientCertificate,
        TlsProblem::Certificate(_) => Exit::Certificate,
        TlsProblem::Roots(_) => Exit::Usage,
    }
}

fn proxy_exit(error: &ProxyError) -> Exit {
    match &error.problem {
        ProxyProblem::Unreachable(error) => match dial_exit(error) {
            Exit::Dns => Exit::ProxyDns,
            exit => exit,
        },
        _ => Exit::Proxy,
    }
}

#[derive(Debug)]
pub struct Refused {
    pub refusal: Refusal,
    pub body: Body,
    pub asked: Asked,
}

#[derive(Debug)]
pub struct Asked {
    /// The `Host` field, before any edit.
    pub host: String,
    pub target: String,
    pub tls: bool,
    pub credentials_dropped: bool,
    /// Whether the server asked for a client certificate and got none.
    pub wants_certificate: bool,
}
