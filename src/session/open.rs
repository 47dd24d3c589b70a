//! From a target to an open connection: dial, upgrade, all under one deadline.

use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use url::Url;

use super::credential::{Credentials, has_credentials};
use super::phase::Phase;
use super::redirect::{self, Follow, RedirectError};
use super::upgrade::upgrade;
use crate::diagnostic::Diagnostic;
use crate::dial::proxy::{ProxyError, ProxyProblem};
use crate::dial::tls::late_failure;
use crate::dial::{self, ClientAuth, Step, Stream, dial, read_body};
use crate::event::{Event, Open};
use crate::exit::Exit;
use crate::proto::buffer::Buffer;
use crate::proto::connection::{Config, Connection};
use crate::proto::handshake::client::Handshake;
use crate::proto::handshake::{HandshakeError, Offer, Outcome, Refusal};
use crate::proto::http1::Body;

/// What is to be opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to, without userinfo.
    pub url: Url,
    /// The same, to dial.
    pub target: dial::Target,
    /// How to get there.
    pub dial: dial::Options,
    /// What to ask for; its fields are completed with the credentials.
    pub offer: Offer,
    /// As whom.
    pub credentials: Credentials,
    /// Whether to go where the server redirects to.
    pub follow: Option<Follow>,
    /// What the connection does by itself.
    pub connection: Config,
    /// From DNS to the 101.
    pub connect_timeout: Duration,
    /// The flag that set this limit.
    pub timeout_flag: &'static str,
}

/// An open connection and its stream.
#[derive(Debug)]
pub struct Opened {
    /// The stream.
    pub stream: Stream,
    /// The engine.
    pub connection: Connection,
    /// What was agreed on.
    pub open: Open,
    /// When it opened.
    pub at: Instant,
}

/// Why a connection did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No stream to the server.
    #[error(transparent)]
    Dial(#[from] dial::Error),
    /// The stream broke during the handshake.
    #[error("the connection broke during the opening handshake: {0}")]
    Stream(#[from] io::Error),
    /// The response is no valid answer.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The server redirected to where one must not go.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The server answered with another status than 101.
    #[error("the server refused the upgrade with status {}", .0.refusal.status)]
    Refused(Box<Refused>),
    /// The time ran out.
    #[error("{phase} took longer than {limit:?}")]
    Timeout {
        /// What was under way.
        phase: &'static str,
        /// The time there was.
        limit: Duration,
        /// The flag that set it.
        flag: &'static str,
    },
}

impl OpenError {
    /// The exit status that tells it.
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
            Self::Stream(_) | Self::Redirect(_) | Self::Refused(_) => None,
        }
    }
}

fn dial_exit(error: &dial::Error) -> Exit {
    match error {
        dial::Error::Dns { .. } | dial::Error::Family { .. } => Exit::Dns,
        dial::Error::Connect { .. } | dial::Error::Unix { .. } => Exit::Connect,
        dial::Error::Tls { .. } | dial::Error::ServerName { .. } => Exit::Tls,
        dial::Error::ClientCertificate { .. } => Exit::ClientCertificate,
        dial::Error::Certificate { .. } => Exit::Certificate,
        dial::Error::ClientRoots(_) | dial::Error::Interface { .. } => Exit::Usage,
        dial::Error::Proxy(error) => proxy_exit(error),
    }
}

fn proxy_exit(error: &ProxyError) -> Exit {
    match &error.problem {
        ProxyProblem::Way(error) => match dial_exit(error) {
            Exit::Dns => Exit::ProxyDns,
            exit => exit,
        },
        _ => Exit::Proxy,
    }
}

/// A refusal with its body.
#[derive(Debug)]
pub struct Refused {
    /// The response's head.
    pub refusal: Refusal,
    /// The start of its body.
    pub body: Body,
    /// The request: the last, if there were redirections.
    pub asked: Asked,
}

/// What a request was for.
#[derive(Debug)]
pub struct Asked {
    /// The `Host` field, before any edit.
    pub host: String,
    /// Path and query.
    pub target: String,
    /// Whether TLS was spoken.
    pub tls: bool,
    /// Whether credentials or fields stayed behind, as this is another origin than the user's.
    pub credentials_dropped: bool,
    /// Whether the server asked for a client certificate and got none.
    pub wants_certificate: bool,
}

/// Opens a connection; `observe` is told each step.
pub async fn open(
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Opened, OpenError> {
    let started = Instant::now();
    let mut phase = Phase::start(options);
    let limit = options.connect_timeout;
    let exchange = redirect::exchange(options, observe, &mut phase);
    let Ok(answer) = tokio::time::timeout(limit, exchange).await else {
        return Err(OpenError::Timeout {
            phase: phase.name(),
            limit,
            flag: options.timeout_flag,
        });
    };
    let (answer, hop) = answer?;
    let Exchange {
        stream,
        outcome,
        input,
        client_auth,
    } = answer;
    match outcome {
        Outcome::Refused(refusal) => {
            let asked = Asked {
                host: hop.offer.host.clone(),
                target: hop.offer.target.clone(),
                tls: hop.target.tls,
                credentials_dropped: redirect::withholds(options, &hop),
                wants_certificate: client_auth.is_some_and(|it| !it.is_answered()),
            };
            Err(refuse(stream, refusal, &input, asked).await)
        }
        Outcome::Agreed(agreed) => {
            let at = Instant::now();
            let open = Open {
                subprotocol: agreed.subprotocol,
                ignored_subprotocols: agreed.ignored_subprotocols,
                deflate: agreed.deflate,
                tolerated: agreed.tolerated.iter().map(ToString::to_string).collect(),
                took: at - started,
            };
            observe(Event::Open(&open));
            let config = Config {
                deflate: open.deflate,
                ..options.connection.clone()
            };
            Ok(Opened {
                stream,
                connection: Connection::new(config, input, rand::random(), at),
                open,
                at,
            })
        }
    }
}

/// An upgrade request that was answered: the stream, and the bytes after the response's head.
pub(super) struct Exchange {
    stream: Stream,
    pub(super) outcome: Outcome,
    input: Buffer,
    client_auth: Option<ClientAuth>,
}

/// Dials and upgrades.
pub(super) async fn exchange(
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
    phase: &mut Phase,
) -> Result<Exchange, OpenError> {
    let mut handshake = Handshake::new(&offer(options), &generate_key());
    if has_credentials(handshake.request()) && is_exposed(options) {
        observe(Event::CredentialsInClear(&options.target.host));
    }
    let tls = options.target.tls;
    let mut client_auth = None;
    let mut step = |step: Step| {
        *phase = phase.after(&step, tls);
        if let Step::Tls(session) = &step {
            client_auth.clone_from(&session.client_auth);
        }
        observe(Event::Step(&step));
    };
    let mut stream = dial(&options.target, &options.dial, &mut step).await?;
    match upgrade(&mut stream, &mut handshake, observe).await {
        Ok((outcome, input)) => Ok(Exchange {
            stream,
            outcome,
            input,
            client_auth,
        }),
        Err(OpenError::Stream(error)) => {
            let error = last_words(&mut stream, error).await;
            let (target, tls) = (&options.target, &options.dial.tls);
            Err(late_failure(target, tls, client_auth.as_ref(), error)?.into())
        }
        Err(error) => Err(error),
    }
}

/// Why the peer ended the connection, if it said so before it did.
async fn last_words(stream: &mut Stream, error: io::Error) -> io::Error {
    let is_end = matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    );
    if !is_end {
        return error;
    }
    // A TLS alert that came before the end is the cause; any other read error is the same end.
    let read = stream.read(&mut [0; 1]).await;
    read.err().unwrap_or(error)
}

/// The offer, completed with the fields that tell who asks.
fn offer(options: &Options) -> Offer {
    let mut offer = options.offer.clone();
    offer
        .fields
        .extend(options.credentials.fields(&options.url));
    offer
}

/// Whether anybody on the way can read what is sent.
fn is_exposed(options: &Options) -> bool {
    let target = &options.target;
    let address = target.host.parse::<IpAddr>();
    let is_loopback = address.map_or_else(
        |_| dial::is_localhost(&target.host),
        |address| address.to_canonical().is_loopback(),
    );
    let stays_here = is_loopback || options.dial.route.unix_socket.is_some();
    !target.tls && !stays_here
}

/// Reads the start of a refusal's body, which need not come.
async fn refuse(mut stream: Stream, refusal: Refusal, input: &Buffer, asked: Asked) -> OpenError {
    let body = read_body(&mut stream, &refusal.response, input.filled()).await;
    OpenError::Refused(Box::new(Refused {
        refusal,
        body,
        asked,
    }))
}
