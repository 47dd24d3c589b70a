//! Clients that are not passed on, and the answer that they get.

use std::io;

use crate::acceptor::{self, Log};
use crate::dial::{self, Barred};
use crate::event::Direction;
use crate::proto::http1::head::{self, Reader};
use crate::session::{OpenError, OpenProblem, Transport};

/// Who answers, for the client.
pub(super) const NAME: &str = "wsee proxy";
pub(super) const REQUEST_TIMEOUT: &str = "HTTP/1.1 408 Request Timeout";
pub(super) const METHOD_NOT_ALLOWED: &str = "HTTP/1.1 405 Method Not Allowed";
const FORBIDDEN_GOAL: &str = "HTTP/1.1 403 Forbidden";
const LOOP: &str = "HTTP/1.1 508 Loop Detected";
pub(super) const NO_UPGRADE: &str = "HTTP/1.1 426 Upgrade Required";
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

/// The same, with its head in the log.
pub(super) async fn refuse<S: Transport + ?Sized>(
    stream: &mut S,
    status: &str,
    text: &str,
    log: &Log,
) -> io::Result<()> {
    if let Ok(Some(head)) = Reader::new(head::Message::Response).read(&response(status, text)) {
        log.head(&head, Direction::Received);
    }
    answer(stream, status, text).await
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
