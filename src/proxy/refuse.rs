//! Clients that are not passed on, and the answer that they get.

use std::io;

use super::front::Front;
use crate::acceptor::{self, Log};
use crate::dial::{self, Barred, Http2Error};
use crate::event::Direction;
use crate::proto::handshake::server::in_version_of;
use crate::proto::http1::Head;
use crate::proto::http1::head::{self, Reader};
use crate::proto::http2::frame::ErrorCode;
use crate::session::{OpenError, OpenProblem, Transport};

/// Who answers, for the client.
pub(super) const NAME: &str = "wsee proxy";
pub(super) const REQUEST_TIMEOUT: &str = "HTTP/1.1 408 Request Timeout";
pub(super) const METHOD_NOT_ALLOWED: &str = "HTTP/1.1 405 Method Not Allowed";
const FORBIDDEN_GOAL: &str = "HTTP/1.1 403 Forbidden";
const LOOP: &str = "HTTP/1.1 508 Loop Detected";
pub(super) const NO_UPGRADE: &str = "HTTP/1.1 426 Upgrade Required";
/// RFC 9220 §3.
pub(super) const NO_PROTOCOL: &str = "HTTP/1.1 501 Not Implemented";
pub(super) const FORBIDDEN: &str = "HTTP/1.1 403 Origin Not Allowed";
pub(super) const BAD_GATEWAY: &str = "HTTP/1.1 502 Bad Gateway";

/// The status for a client whose server is not reached.
pub(super) fn unreached(error: &OpenError) -> &'static str {
    match &error.problem {
        OpenProblem::Dial(dial::Error::Barred(barred)) => barrier(barred),
        _ => BAD_GATEWAY,
    }
}

pub(super) fn barrier(barred: &Barred) -> &'static str {
    match barred {
        Barred::Itself => LOOP,
        Barred::Loopback(_) => FORBIDDEN_GOAL,
    }
}

/// Sends a response of the proxy's own, with one line of text.
pub(super) async fn answer<S: Transport + ?Sized>(
    stream: &mut S,
    status: &str,
    text: &str,
) -> io::Result<()> {
    acceptor::answer(stream, &response(status, text)).await
}

/// The same in the version of HTTP of the request, with its head in the log.
pub(super) async fn refuse(
    front: &mut Front<'_>,
    (status, text): (&str, &str),
    request: &Head,
    log: &Log,
) -> io::Result<()> {
    let response = response(status, text);
    let Ok(Some(head)) = Reader::new(head::Message::Response).read(&response) else {
        return Ok(());
    };
    let body = &response[head.as_bytes().len()..];
    let head = in_version_of(request, head);
    log.head(&head, Direction::Received);
    front.answer(&head).await?;
    acceptor::answer(front.stream(), body).await
}

/// The code that a stream of the client is reset with where the server has reset its own before an answer.
pub(super) fn reset_code(error: &OpenError) -> Option<ErrorCode> {
    let OpenProblem::Dial(dial::Error::Http2(problem)) = &error.problem else {
        return None;
    };
    match &**problem {
        Http2Error::Reset(code) => Some(*code),
        // RFC 9113 §6.8: what the server did not handle may be asked again.
        Http2Error::GoAway(go_away) if go_away.code == ErrorCode::NO_ERROR => {
            Some(ErrorCode::REFUSED_STREAM)
        }
        Http2Error::GoAway(go_away) => Some(go_away.code),
        _ => None,
    }
}

fn response(status: &str, text: &str) -> Vec<u8> {
    let upgrade = [("Upgrade", "websocket")];
    let more = if status == NO_UPGRADE {
        &upgrade[..]
    } else {
        &[]
    };
    acceptor::plain_response(status, &format!("{NAME}: {text}"), more)
}
