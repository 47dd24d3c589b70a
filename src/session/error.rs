//! Why a connection did not open.

use std::fmt;
use std::io;
use std::time::Duration;

use super::redirect::RedirectError;
use crate::diagnostic::Diagnostic;
use crate::dial::{self, Http2Error, ProxyError, ProxyProblem, TlsFailure, TlsProblem};
use crate::duration::shown;
use crate::event::{Evidence, Symptom};
use crate::exit::Exit;
use crate::ontop::signalr::negotiation;
use crate::ontop::{self, Refusal};
use crate::proto::handshake::{self, HandshakeError};
use crate::proto::http1::{Body, HeadError};

/// Why a connection did not open, with all that was seen of it.
#[derive(Debug)]
pub struct OpenError {
    pub problem: OpenProblem,
    /// What the protocol on top makes of it.
    pub refusal: Option<Box<Refusal>>,
    /// The server does not speak the version of the protocol on top that was asked for.
    pub refuses_version: bool,
    /// The server refused over HTTP/2, and not over HTTP/1.1.
    pub http1_works: bool,
    pub evidence: Box<Evidence>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenProblem {
    #[error(transparent)]
    Dial(#[from] dial::Error),
    #[error("the connection broke during the opening handshake: {}", dial::io_text(.0))]
    Stream(#[from] io::Error),
    /// The connection broke after this many bytes of the response.
    #[error("the connection broke in the middle of the response, after {received} bytes: {}", dial::io_text(.error))]
    Cut { received: usize, error: io::Error },
    /// The connection ended this long after the request.
    #[error("the server {} the connection {} after the request, without an answer", if *.reset { "reset" } else { "closed" }, shown(*.after))]
    NoAnswer { after: Duration, reset: bool },
    /// The response is not a valid answer to the upgrade.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The response's status is not 101.
    #[error("the server refused the {} with status {}", .0.asked, .0.refusal.status)]
    Refused(Box<Refused>),
    /// The first answer of long polling opens no session.
    #[error("the answer to the first poll is no Engine.IO open packet: {0}")]
    NoEngine(String),
    /// The protocol on top refuses the session before it begins.
    #[error("{}", .0.text)]
    OnTop(Refusal),
    /// The server speaks this version of Engine.IO.
    #[error("the server speaks EIO {0}, another version than was asked for")]
    OtherVersion(u8),
    /// A phase outlasted the limit of the opening.
    #[error("{text}")]
    Timeout { symptom: Symptom, text: String },
}

#[derive(Debug)]
pub struct Refused {
    pub refusal: handshake::Refusal,
    /// The start of the response's body.
    pub body: Body,
    /// What it answers.
    pub asked: Asked,
}

/// What a request asks a server for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Upgrade,
    /// To begin long polling.
    Poll,
    /// The negotiation of `SignalR`.
    Negotiation,
    /// The pages of a browser.
    Pages,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upgrade => "upgrade",
            Self::Poll => "first poll",
            Self::Pages => "request for its pages",
            Self::Negotiation => "negotiation",
        })
    }
}

impl OpenError {
    pub(super) fn new(
        problem: OpenProblem,
        on_top: Option<ontop::Name>,
        evidence: Evidence,
    ) -> Self {
        let mut evidence = Box::new(evidence);
        evidence.symptom = symptom(&problem);
        match &problem {
            OpenProblem::Refused(refused) => {
                evidence.response = Some(refused.refusal.response.clone());
                evidence.body = refused.body.content().to_vec();
            }
            OpenProblem::Handshake(HandshakeError::Head(HeadError::NotHttp(start))) => {
                evidence.body.clone_from(start);
            }
            OpenProblem::NoAnswer { after, .. } => evidence.waited = *after,
            _ => {}
        }
        let (refusal, refuses_version) = match (&problem, on_top) {
            (OpenProblem::Refused(refused), Some(name)) => {
                let body = String::from_utf8_lossy(refused.body.content());
                let refusal = match refused.asked {
                    Asked::Negotiation => negotiation::refusal(refused.refusal.status),
                    Asked::Upgrade | Asked::Poll | Asked::Pages => name.refusal(&body),
                };
                (refusal, name.refuses_version(&body))
            }
            (OpenProblem::OnTop(refusal), _) => (Some(refusal.clone()), false),
            (OpenProblem::OtherVersion(_), _) => (None, true),
            _ => (None, false),
        };
        Self {
            problem,
            refusal: refusal.map(Box::new),
            refuses_version,
            http1_works: false,
            evidence,
        }
    }

    /// A response other than 101.
    pub fn refused(refused: Refused, evidence: Evidence) -> Self {
        Self::new(OpenProblem::Refused(Box::new(refused)), None, evidence)
    }

    pub fn exit(&self) -> Exit {
        match &self.refusal {
            Some(refusal) => refusal.exit,
            None => self.problem.exit(),
        }
    }
}

/// The most common reason why a page works in one browser only.
const HTTP1_WORKS: &str = "the server offers WebSocket over HTTP/2 (extended CONNECT) and breaks it; \
     browsers that use it (Firefox) fail here; --http 1.1 works";

impl OpenProblem {
    /// Whether it is how a server fails that offers extended CONNECT and cannot deliver it.
    pub(super) fn is_by_http2(&self) -> bool {
        match self {
            Self::Refused(refused) => {
                let handshake::Refusal { response, status } = &refused.refusal;
                // Those of credentials, redirections and quotas are the same over HTTP/1.1.
                let is_usual = matches!(status, 300..=399 | 401 | 407 | 429);
                response.version().as_deref() == Some("2") && !is_usual
            }
            Self::Dial(dial::Error::Http2(problem)) => {
                let is_broken = matches!(
                    **problem,
                    Http2Error::Reset(_) | Http2Error::NoStreams | Http2Error::GoAway(_)
                );
                is_broken && !problem.is_missing()
            }
            _ => false,
        }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::Dial(error) => dial_exit(error),
            Self::Stream(_)
            | Self::Cut { .. }
            | Self::NoAnswer { .. }
            | Self::Handshake(_)
            | Self::NoEngine(_) => Exit::BadHandshake,
            Self::OtherVersion(_) => Exit::RefusedOnTop,
            Self::OnTop(refusal) => refusal.exit,
            Self::Redirect(_) => Exit::Redirect,
            Self::Refused(_) => Exit::Refused,
            Self::Timeout { .. } => Exit::Timeout,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.refusal {
            Some(refusal) => refusal.text.fmt(f),
            None => self.problem.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl Diagnostic for OpenError {
    fn hint(&self) -> Option<String> {
        if self.http1_works {
            return Some(HTTP1_WORKS.to_owned());
        }
        if let Some(refusal) = &self.refusal {
            return refusal.hint.clone();
        }
        let seen = self.evidence.hint();
        seen.or_else(|| match &self.problem {
            OpenProblem::Dial(error) => error.hint(),
            OpenProblem::Handshake(error) => error.hint(),
            OpenProblem::Redirect(error) => error.hint(),
            OpenProblem::NoEngine(_) => {
                Some("check that this is a Socket.IO server, and the path".to_owned())
            }
            OpenProblem::OtherVersion(version) => Some(format!("--eio {version} speaks it")),
            _ => None,
        })
    }
}

fn symptom(problem: &OpenProblem) -> Symptom {
    match problem {
        OpenProblem::Dial(dial::Error::Proxy(_)) => Symptom::Proxy,
        OpenProblem::NoAnswer { reset: true, .. } => Symptom::Reset,
        OpenProblem::NoAnswer { reset: false, .. } => Symptom::Closed,
        OpenProblem::Handshake(HandshakeError::Head(HeadError::NotHttp(_))) => Symptom::NotHttp,
        OpenProblem::Refused(_) => Symptom::Refused,
        OpenProblem::Timeout { symptom, .. } => *symptom,
        _ => Symptom::Other,
    }
}

fn dial_exit(error: &dial::Error) -> Exit {
    match error {
        dial::Error::Dns { .. } | dial::Error::Family { .. } => Exit::Dns,
        dial::Error::Connect { .. } | dial::Error::Unix { .. } | dial::Error::Barred(_) => {
            Exit::Connect
        }
        dial::Error::Tls(failure) => tls_exit(failure),
        dial::Error::Interface { .. } => Exit::Usage,
        dial::Error::Proxy(error) => proxy_exit(error),
        dial::Error::Http2(problem) => http2_exit(problem),
    }
}

fn http2_exit(problem: &Http2Error) -> Exit {
    match problem {
        Http2Error::NotOffered(_) => Exit::Tls,
        Http2Error::NoSetting | Http2Error::NoStreams | Http2Error::Reset(_) => Exit::Refused,
        Http2Error::Request(_) => Exit::Usage,
        Http2Error::GoAway(_)
        | Http2Error::HungUp { .. }
        | Http2Error::Broken(_)
        | Http2Error::Broke { .. }
        | Http2Error::OtherProtocol(_)
        | Http2Error::TooManyFields => Exit::BadHandshake,
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
