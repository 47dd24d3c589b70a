//! Requests of long polling.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};

use super::http::{Http, RequestError};
use super::response::Response;
use super::shared::{Shared, Slot};
use crate::ontop::socketio::engine::EnginePacket;
use crate::ontop::socketio::payload;
use crate::ontop::socketio::server::{Session, Transport};
use crate::proto::http1::Head;

/// How long a request waits that comes while a WebSocket takes over, so that the client does not ask in a loop.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers a GET once packets wait; `None` if the client left before.
pub(super) async fn poll<S>(http: &mut Http<S>, shared: &Rc<Shared>) -> Option<Response>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(_claim) = shared.claim(Slot::Poll) else {
        return Some(overlap(shared, "the client polls twice at a time"));
    };
    let pauses = shared.peek(Session::ends_polls);
    let ready = shared.until(|session| {
        let is_ready = session.has_packets() || session.ends_polls() && !pauses;
        is_ready.then_some(())
    });
    tokio::select! {
        biased;
        () = ready => {}
        () = tokio::time::sleep(PAUSE), if pauses => {}
        () = http.left() => {
            let end = |session: &mut Session| session.end("the client left while it polled");
            shared.change(Instant::now(), end);
            return None;
        }
    }
    Some(packets(shared))
}

/// All packets that wait for the client.
pub(super) fn packets(shared: &Shared) -> Response {
    let now = Instant::now();
    let mut packets: Vec<EnginePacket<'_>> = Vec::new();
    // After an upgrade they belong to the WebSocket.
    if shared.peek(Session::transport) != Transport::WebSocket {
        packets.extend(std::iter::from_fn(|| shared.next_packet(now)));
    }
    if packets.is_empty() {
        packets.push(EnginePacket::Noop);
    }
    let version = shared.peek(Session::version);
    let (body, is_binary) = payload::encode(version, &packets, shared.takes_binary);
    Response::packets(body, is_binary)
}

/// Reads the packets in the body of a POST and hands them to the session.
pub(super) async fn post<S>(
    http: &mut Http<S>,
    head: &Head,
    shared: &Rc<Shared>,
    limit: usize,
) -> Result<Response, RequestError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(_claim) = shared.claim(Slot::Post) else {
        let response = overlap(shared, "the client posts twice at a time");
        return Ok(response);
    };
    let body = http.body(head, limit).await?;
    let kind = head.text("Content-Type").unwrap_or_default();
    let is_binary = kind.starts_with("application/octet-stream");
    let now = Instant::now();
    let version = shared.peek(Session::version);
    for packet in payload::decode(version, is_binary, &body) {
        match packet {
            Ok(packet) => shared.change(now, |session| session.received(packet, now)),
            Err(fault) => {
                let text = fault.to_string();
                shared.change(now, |session| session.end(&text));
                return Ok(Response::failed("400 Bad Request", &text));
            }
        }
    }
    Ok(Response::accepted())
}

fn overlap(shared: &Shared, reason: &str) -> Response {
    shared.change(Instant::now(), |session| session.end(reason));
    Response::failed("400 Bad Request", reason)
}
