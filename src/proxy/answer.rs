//! What the client gets: its request is read, refused or answered.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ask::why;
use super::journal::Journal;
use super::refuse::{FORBIDDEN, NO_UPGRADE};
use super::{Options, request, shown};
use crate::acceptor::{Log, linger};
use crate::dial::Stream;
use crate::event::{Direction, Event, Evidence, Open};
use crate::fault::Faults;
use crate::proto::buffer::Buffer;
use crate::proto::handshake::server::Upgrade;
use crate::proto::handshake::{Agreed, Refusal};
use crate::proto::http1::{Body, Head};
use crate::render::escape::escape_line;
use crate::render::{Role, quantity};
use crate::session::{Asked, OpenError, Refused, Transport};

/// How long the body of a refusal may pause.
const BODY: Duration = Duration::from_secs(10);

/// Why a client is not passed on at all.
pub(super) fn objection(request: &Head, options: &Options) -> Option<(&'static str, String)> {
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

/// Lets a client wait, and refuses it, if these are its faults.
pub(super) async fn refused_by_fault(
    front: &mut dyn Transport,
    request: &Head,
    log: &Log,
    faults: &Faults,
) -> io::Result<bool> {
    if let Some(late) = faults.late() {
        let text = quantity::duration(late);
        log.fault(&format!("late, the request is passed on in {text}"));
        tokio::time::sleep(late).await;
    }
    let Some((response, note)) = faults.refusal() else {
        return Ok(false);
    };
    log.head(request, Direction::Sent);
    log.head(&response, Direction::Received);
    log.fault(&note);
    front.write_all(response.as_bytes()).await?;
    front.flush().await?;
    linger(&mut &mut *front).await?;
    Ok(true)
}

/// Passes a response other than 101 on, with its body.
pub(super) async fn pass_refusal(
    front: &mut dyn Transport,
    mut server: Stream,
    refusal: Refusal,
    input: &Buffer,
    evidence: Evidence,
    journal: &mut Journal,
) -> io::Result<()> {
    journal.log.head(&refusal.response, Direction::Received);
    front.write_all(refusal.response.as_bytes()).await?;
    let mut body = Body::new(&refusal.response);
    let n = body.push(input.filled());
    front.write_all(&input.filled()[..n]).await?;
    let mut block = [0; 4 << 10];
    while !body.is_complete() && !body.is_malformed() {
        front.flush().await?;
        let read = tokio::time::timeout(BODY, server.read(&mut block)).await;
        let Ok(Ok(read @ 1..)) = read else {
            break;
        };
        let n = body.push(&block[..read]);
        front.write_all(&block[..n]).await?;
    }
    front.flush().await?;
    linger(&mut &mut *front).await?;
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

/// Passes the response on that opens the connection.
pub(super) async fn agree(
    front: &mut dyn Transport,
    request: &Head,
    agreed: Agreed,
    options: &Options,
    journal: &mut Journal,
    faults: Option<&Faults>,
) -> io::Result<()> {
    let mut answer = Upgrade {
        request: request.clone(),
        response: if options.rewriting.loosens_cookies {
            request::loosen_cookies(&agreed.response)
        } else {
            agreed.response.clone()
        },
        subprotocol: agreed.subprotocol.clone(),
        deflate: agreed.deflate,
        refused: None,
    };
    for note in faults.map(|it| it.spoil(&mut answer)).unwrap_or_default() {
        journal.fault(&note);
    }
    journal.log.lines_with(|out, style, secrets| {
        let heads = (&agreed.response, &answer.response);
        shown::beside(out, heads, Direction::Received, style, secrets);
    });
    for broken in &agreed.tolerated {
        let text = format!(
            "! the response breaks a rule, and is passed on: {}",
            escape_line(&broken.to_string())
        );
        journal.log.note(Role::Warning, &text);
    }
    front.write_all(answer.response.as_bytes()).await?;
    front.flush().await?;
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
