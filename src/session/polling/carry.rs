//! The requests of a polled session: GET and POST at the same time, and the WebSocket that takes over.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use super::failure::Failure;
use super::http::{Answer, Http, Request};
use super::outgoing::Written;
use super::probe::{WebSocket, probe};
use super::session::Session;
use super::shared::Shared;
use crate::event::Carried;
use crate::ontop::socketio::engine::{self, EnginePacket};
use crate::ontop::socketio::payload;
use crate::proto::frame::Opcode;
use crate::proto::message::Kind;
use crate::session::exchange::fresh;

/// How long a poll may take: the server answers when it has something to say, at the latest with its ping
/// after `pingInterval`, and the protocol on top notices when that is late.
const POLL: Duration = Duration::from_hours(24);
/// The media type of a browser's POST; binary data is base64 in it.
const TEXT: &str = "text/plain;charset=UTF-8";

/// Carries the session to its end, or until a WebSocket takes over.
pub(super) async fn carry(
    mut get: Http,
    first: Answer,
    session: Rc<Session>,
    shared: Rc<Shared>,
) -> Result<Option<WebSocket>, Failure> {
    let mut receiving = pin!(receive(&mut get, first, &session, &shared));
    let mut sending = pin!(send(&session, &shared));
    let mut probing = pin!(probe(&session, &shared));
    let (mut is_receiving, mut is_sending, mut is_probing) = (true, true, session.upgrades);
    let mut websocket: Option<WebSocket> = None;
    while is_receiving || is_sending {
        tokio::select! {
            received = &mut receiving, if is_receiving => {
                received?;
                is_receiving = false;
            }
            sent = &mut sending, if is_sending => match sent? {
                Sent::Closed(close) => {
                    shared.push(Opcode::CLOSE, &close);
                    return Ok(None);
                }
                Sent::Paused => is_sending = false,
            },
            probed = &mut probing, if is_probing => {
                is_probing = false;
                match probed {
                    Ok(ready) => {
                        websocket = Some(ready);
                        shared.pause();
                    }
                    Err(_) if shared.is_closing() => {}
                    Err(failed) => failed.report(&shared),
                }
            }
        }
    }
    match websocket {
        Some(mut websocket) if !shared.is_over() => {
            websocket.upgrade().await?;
            Ok(Some(websocket))
        }
        _ => Ok(None),
    }
}

/// Polls until the requests are to pause, or the server ends the session.
async fn receive(
    get: &mut Http,
    first: Answer,
    session: &Session,
    shared: &Shared,
) -> Result<(), Failure> {
    let target = session.target("polling");
    let mut answer = first;
    loop {
        for packet in payload::decode(session.version, answer.is_binary, &answer.body) {
            let packet = packet?;
            if matches!(packet, EnginePacket::Close) {
                shared.end();
            }
            let (kind, message) = engine::encode(session.version, &packet);
            let opcode = match kind {
                Kind::Text => Opcode::TEXT,
                Kind::Binary => Opcode::BINARY,
            };
            shared.hand_on(opcode, &message).await;
        }
        if shared.is_pausing() || shared.is_over() {
            return Ok(());
        }
        let request = Request {
            method: "GET",
            target: &fresh(&target),
            body: None,
            patience: POLL,
        };
        answer = get.ask(request).await?;
    }
}

enum Sent {
    Paused,
    /// The driver closes, with this payload of its Close frame.
    Closed(Vec<u8>),
}

/// Sends what the driver writes, as much in one request as the server takes.
async fn send(session: &Session, shared: &Rc<Shared>) -> Result<Sent, Failure> {
    let options = Rc::clone(&session.options);
    let patience = options.connect_timeout;
    let mut post = Http::new(options, Rc::clone(shared), None);
    let target = session.target("polling");
    let mut next = None;
    loop {
        let (batch, rest) = batch(next.take(), session, shared).await;
        next = rest;
        let close = match batch {
            Batch::Paused => return Ok(Sent::Paused),
            Batch::Packets(packets, close) => {
                if close.is_some() {
                    shared.close();
                }
                if !packets.is_empty() && !shared.is_over() {
                    let (body, _) = payload::encode(session.version, &packets, false);
                    let request = Request {
                        method: "POST",
                        target: &fresh(&target),
                        body: Some((TEXT, &body)),
                        patience,
                    };
                    let sent = post.ask(request).await;
                    // After the last one nothing depends on its answer.
                    if close.is_none() {
                        sent?;
                    }
                }
                close
            }
        };
        if let Some(close) = close {
            return Ok(Sent::Closed(close));
        }
    }
}

enum Batch {
    Paused,
    /// With the payload of the Close frame after them.
    Packets(Vec<EnginePacket<'static>>, Option<Vec<u8>>),
}

/// Waits for packets, and takes those that fit into one request; the second value did not fit.
async fn batch(
    first: Option<Written>,
    session: &Session,
    shared: &Shared,
) -> (Batch, Option<Written>) {
    let mut next = first;
    while next.is_none() {
        if shared.is_pausing() {
            return (Batch::Paused, None);
        }
        next = shared.outgoing.borrow_mut().next();
        if next.is_none() {
            shared.changed().await;
        }
    }
    let (mut packets, mut size) = (Vec::new(), 0);
    while let Some(written) = next {
        match written {
            Written::Close(close) => {
                packets.push(EnginePacket::Close);
                return (Batch::Packets(packets, Some(close)), None);
            }
            Written::Message(kind, message) => {
                // Base64 and the separator take more.
                let length = message.len() / 3 * 4 + 8;
                if !packets.is_empty() && size + length > session.most() {
                    let rest = Some(Written::Message(kind, message));
                    return (Batch::Packets(packets, None), rest);
                }
                size += length;
                match engine::decode(session.version, kind, &message) {
                    Ok(packet) => packets.push(packet.into_owned()),
                    Err(fault) => shared.report(Carried::Note(format!(
                        "not sent, as long polling carries only packets: {fault}"
                    ))),
                }
            }
        }
        next = shared.outgoing.borrow_mut().next();
    }
    (Batch::Packets(packets, None), None)
}
