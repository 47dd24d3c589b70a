//! What the client gets: its request is read, refused or answered.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ask::why;
use super::front::Front;
use super::journal::Journal;
use super::refuse::{FORBIDDEN, NO_PROTOCOL, NO_UPGRADE};
use super::{Options, request};
use crate::acceptor::{Log, linger};
use crate::dial::Stream;
use crate::dial::http2::{How, StreamEnd};
use crate::event::{Direction, Event, Evidence, Open};
use crate::fault::Faults;
use crate::proto::buffer::Buffer;
use crate::proto::handshake::server::{self, Upgrade, in_version_of};
use crate::proto::handshake::{Agreed, Refusal};
use crate::proto::http1::{Body, Head};
use crate::render::escape::escape_line;
use crate::render::{Role, quantity};
use crate::session::{Asked, OpenError, Refused, Transport};

/// How long the body of a refusal may pause.
const BODY: Duration = Duration::from_secs(10);
/// How much of it passes at once, in bytes.
const BLOCK: usize = 4 << 10;

/// Why a client is not passed on at all.
pub(super) fn objection(request: &Head, options: &Options) -> Option<(&'static str, String)> {
    if let Some(protocol) = request.text(":protocol").filter(|it| it != "websocket") {
        return Some((NO_PROTOCOL, server::Refused::Protocol(protocol).to_string()));
    }
    if !request::is_upgrade(request) {
        let polls = request::target(request).contains("transport=polling");
        let text = if polls {
            "only WebSocket connections pass here, and this client polls first; give it transports: ['websocket'], or use wsee proxy --forward"
        } else {
            "only WebSocket connections pass here; connect with a WebSocket client"
        };
        return Some((NO_UPGRADE, text.to_owned()));
    }
    let origin = request.text("Origin");
    let is_allowed = |origin: &String| options.origins.contains(origin);
    if options.origins.is_empty() || origin.as_ref().is_some_and(is_allowed) {
        return None;
    }
    let origin = origin.unwrap_or_else(|| "(none)".to_owned());
    Some((FORBIDDEN, format!("the origin {origin} is not allowed")))
}

/// Lets a client wait, if that is its fault.
pub(super) async fn be_late(log: &Log, faults: &Faults) {
    if let Some(late) = faults.late() {
        let text = quantity::duration(late);
        log.fault(&format!("late, the request is passed on in {text}"));
        tokio::time::sleep(late).await;
    }
}

/// Lets a client wait, and refuses it, if these are its faults.
pub(super) async fn refused_by_fault(
    front: &mut Front<'_>,
    request: &Head,
    log: &Log,
    faults: &Faults,
) -> io::Result<bool> {
    be_late(log, faults).await;
    let of_http2 = || faults.http2_refusal().filter(|_| front.is_http2());
    let Some((response, note)) = faults.refusal().or_else(of_http2) else {
        return Ok(false);
    };
    let response = in_version_of(request, response);
    log.head(request, Direction::Sent);
    log.head(&response, Direction::Received);
    log.fault(&note);
    front.answer(&response).await?;
    linger(&mut front.stream()).await?;
    Ok(true)
}

/// Passes a response other than 101 on, with its body.
pub(super) async fn pass_refusal(
    front: &mut Front<'_>,
    request: &Head,
    mut server: Stream,
    refusal: Refusal,
    input: &Buffer,
    evidence: Evidence,
    journal: &mut Journal,
) -> io::Result<()> {
    let response = in_version_of(request, refusal.response.clone());
    journal.show_beside((&refusal.response, &response), Direction::Received);
    front.answer(&response).await?;
    // HTTP/2 has no chunks (RFC 9113 §8.1).
    let unframed = front
        .is_http2()
        .then(|| Body::of_response(&refusal.response, BLOCK));
    let mut body = Passing {
        to: front.stream(),
        body: Body::new(&refusal.response),
        unframed,
    };
    let read = body.pass(&mut server, input.filled()).await?;
    let Passing { to, body, .. } = body;
    match read.as_ref().err().and_then(StreamEnd::of) {
        Some(How::Code(code)) => to.reset_with(code),
        _ => linger(&mut &mut *to).await?,
    }
    let error = OpenError::refused(
        Refused {
            refusal,
            body,
            asked: Asked::Upgrade,
        },
        evidence,
    );
    journal.not_open(&why(&error), Instant::now());
    Ok(())
}

/// The body of a refusal on its way to the client.
struct Passing<'a> {
    to: &'a mut dyn Transport,
    body: Body,
    /// The same, where the client gets its content alone.
    unframed: Option<Body>,
}

impl Passing<'_> {
    /// Passes what was received, and the rest; returns how reading it ended, unless the client fails.
    async fn pass(&mut self, server: &mut Stream, received: &[u8]) -> io::Result<io::Result<()>> {
        self.push(received).await?;
        let mut block = [0; BLOCK];
        while !self.body.is_complete() && !self.body.is_malformed() {
            self.to.flush().await?;
            match tokio::time::timeout(BODY, server.read(&mut block)).await {
                Ok(Ok(n @ 1..)) => self.push(&block[..n]).await?,
                Ok(Err(error)) => return Ok(Err(error)),
                Ok(Ok(0)) | Err(_) => break,
            }
        }
        self.to.flush().await?;
        Ok(Ok(()))
    }

    async fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let n = self.body.push(bytes);
        let Some(unframed) = &mut self.unframed else {
            return self.to.write_all(&bytes[..n]).await;
        };
        bytes = &bytes[..n];
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(bytes.len().min(BLOCK));
            unframed.push(piece);
            self.to.write_all(&unframed.take_content()).await?;
            bytes = rest;
        }
        Ok(())
    }
}

/// Passes the response on that opens the connection.
pub(super) async fn agree(
    front: &mut Front<'_>,
    request: &Head,
    agreed: Agreed,
    options: &Options,
    journal: &mut Journal,
    faults: Option<&Faults>,
) -> io::Result<()> {
    let mut answer = Upgrade {
        request: request.clone(),
        response: {
            let response = if options.rewriting.loosens_cookies {
                request::loosen_cookies(&agreed.response)
            } else {
                agreed.response.clone()
            };
            in_version_of(request, response)
        },
        subprotocol: agreed.subprotocol.clone(),
        deflate: agreed.deflate,
        refused: None,
    };
    for note in faults.map(|it| it.spoil(&mut answer)).unwrap_or_default() {
        journal.fault(&note);
    }
    let heads = (&agreed.response, &answer.response);
    journal.show_beside(heads, Direction::Received);
    for broken in &agreed.tolerated {
        let text = format!(
            "! the response breaks a rule, and is passed on: {}",
            escape_line(&broken.to_string())
        );
        journal.log.note(Role::Warning, &text);
    }
    front.answer(&answer.response).await?;
    let open = Open {
        subprotocol: agreed.subprotocol,
        ignored_subprotocols: false,
        deflate: agreed.deflate,
        login: None,
        tolerated: agreed.tolerated.iter().map(ToString::to_string).collect(),
        took: Duration::ZERO,
        is_polled: false,
        is_page: false,
    };
    journal.opening(&Event::Open(&open), Instant::now());
    Ok(())
}
