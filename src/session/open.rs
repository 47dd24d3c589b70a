//! From a target to an open connection: dial, upgrade, all under one deadline.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::io::AsyncWriteExt;

use super::ask::{Answered, ask};
use super::carrier::Carrier;
use super::error::{Asked, OpenError, OpenProblem, Refused};
use super::negotiate::negotiate;
use super::options::{Browser, Negotiation, Options};
use super::polling::{self, Polling};
use super::progress::Progress;
use crate::dial::http2::Versions;
use crate::dial::{Step, Stream, connect, dial, read_body};
use crate::duration::shown;
use crate::event::{Event, Evidence, Open, Symptom};
use crate::proto::Role;
use crate::proto::buffer::Buffer;
use crate::proto::connection::{Config, Connection};
use crate::proto::handshake::{Outcome, Refusal};
use crate::proto::receiver::input_buffer;

#[derive(Debug)]
pub struct Opened {
    pub stream: Carrier,
    pub connection: Connection,
    pub open: Open,
    pub at: Instant,
    pub evidence: Box<Evidence>,
}

/// Opens a connection and reports each step to `observe`; an error says whether HTTP/1.1 leads where HTTP/2 did not.
pub async fn open(
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Opened, OpenError> {
    match Box::pin(open_once(options, observe)).await {
        Ok(opened) => Ok(opened),
        Err(error) => Err(compared(error, options).await),
    }
}

/// Opens a connection, where another attempt may follow.
pub(super) async fn open_once(
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Opened, OpenError> {
    let started = Instant::now();
    let negotiated = match &options.negotiation {
        Some(Negotiation::First(follow)) => {
            Some(Box::pin(negotiate(options, follow, observe)).await?)
        }
        _ => None,
    };
    let options = negotiated.as_ref().unwrap_or(options);
    let answered = ask(options, observe).await?;
    let took = |at: Instant| at - started;
    let (stream, open, input, evidence) = match answered.outcome {
        Outcome::Agreed(agreed) => {
            let open = Open {
                subprotocol: agreed.subprotocol,
                ignored_subprotocols: agreed.ignored_subprotocols,
                deflate: agreed.deflate,
                login: answered.options.credentials.login.clone(),
                tolerated: agreed.tolerated.iter().map(ToString::to_string).collect(),
                took: took(Instant::now()),
                is_polled: false,
                is_page: answered.options.browser == Some(Browser::Page),
            };
            let stream = Carrier::Socket(answered.stream);
            (stream, open, answered.input, answered.evidence)
        }
        Outcome::Refused(refusal) => {
            let unread = Unread {
                stream: answered.stream,
                refusal,
                input: answered.input,
            };
            let polled = unread.poll(*answered.options, started).await;
            let polling = polled.map_err(|problem| {
                OpenError::new(problem, options.on_top, *answered.evidence.clone())
            })?;
            let open = Open {
                took: took(Instant::now()),
                is_polled: true,
                ..Open::default()
            };
            let stream = Carrier::Polling(Box::new(polling));
            (stream, open, input_buffer(), answered.evidence)
        }
    };
    let at = started + open.took;
    observe(Event::Open(&open));
    let config = Config {
        deflate: open.deflate,
        ..options.connection.clone()
    };
    let config = match &stream {
        Carrier::Socket(Stream::Http2(_)) => Config {
            first_to_end: Role::Client,
            ..config
        },
        Carrier::Socket(_) => config,
        // WebSocket's pings have no place in HTTP.
        Carrier::Polling(_) => Config {
            ping_interval: None,
            ..config
        },
    };
    let evidence = Evidence {
        symptom: Symptom::Ended,
        time: Timestamp::now(),
        ..*evidence
    };
    Ok(Opened {
        stream,
        connection: Connection::new(config, input, rand::random(), at),
        open,
        at,
        evidence: Box::new(evidence),
    })
}

/// How long HTTP/1.1 may take for the comparison: enough for a far server, and no wait that looks like a hang.
const PATIENCE: Duration = Duration::from_secs(5);
/// A Close frame without a code, masked with zeros.
const CLOSE: [u8; 6] = [0x88, 0x80, 0, 0, 0, 0];

/// The error with whether HTTP/1.1 leads where HTTP/2 did not; without TLS no browser uses HTTP/2.
pub(super) async fn compared(mut error: OpenError, options: &Options) -> OpenError {
    if options.dial.http != Versions::Http1 && options.target.tls && error.problem.is_by_http2() {
        error.http1_works = Box::pin(works_over_http1(options)).await;
    }
    error
}

async fn works_over_http1(options: &Options) -> bool {
    let mut options = options.clone();
    options.dial.http = Versions::Http1;
    options.connect_timeout = options.connect_timeout.min(PATIENCE);
    let answered = ask(&options, &mut |_| {}).await;
    let Ok(Answered {
        mut stream,
        outcome: Outcome::Agreed(_),
        ..
    }) = answered
    else {
        return false;
    };
    let end = async {
        stream.write_all(&CLOSE).await?;
        stream.shutdown().await
    };
    // The answer is known, however the server takes the end.
    let _ = tokio::time::timeout(PATIENCE, end).await;
    true
}

/// An answer that is no upgrade, and whose body is not read yet.
struct Unread {
    stream: Stream,
    refusal: Refusal,
    input: Buffer,
}

impl Unread {
    /// The session of long polling that it opens, if that was asked for.
    async fn poll(mut self, options: Options, started: Instant) -> Result<Polling, OpenProblem> {
        let Refusal { status, response } = self.refusal;
        if options.polling.is_none() || status != 200 {
            let body = read_body(&mut self.stream, &response, self.input.filled()).await;
            let refusal = Refusal { response, status };
            return Err(OpenProblem::Refused(Box::new(Refused {
                refusal,
                body,
                asked: match options.polling {
                    Some(_) => Asked::Poll,
                    None => Asked::Upgrade,
                },
            })));
        }
        let left = options.connect_timeout.saturating_sub(started.elapsed());
        let polling = Box::pin(polling::open(self.stream, self.input, response, options));
        match tokio::time::timeout(left, polling).await {
            Ok(polling) => polling,
            Err(_) => Err(OpenProblem::Timeout {
                symptom: Symptom::NoResponse,
                text: format!(
                    "the first poll has no complete answer after {}",
                    shown(left)
                ),
            }),
        }
    }
}

/// Connects, and asks for nothing; without the TLS of the target if it `is_plain`.
pub async fn reach(
    options: &Options,
    is_plain: bool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Stream, OpenError> {
    let mut progress = Progress::start(options);
    let dialing = async {
        let mut step = |step: Step| {
            progress.advance(&step);
            observe(Event::Step(&step));
        };
        if is_plain {
            connect(&options.target, &options.dial, &mut step).await
        } else {
            dial(&options.target, &options.dial, &mut step).await
        }
    };
    let problem = match tokio::time::timeout(options.connect_timeout, dialing).await {
        Ok(Ok(stream)) => return Ok(stream),
        Ok(Err(error)) => error.into(),
        Err(_) => {
            let (symptom, text) = progress.timed_out();
            OpenProblem::Timeout { symptom, text }
        }
    };
    let evidence = progress.into_evidence().await;
    Err(OpenError::new(problem, None, evidence))
}
