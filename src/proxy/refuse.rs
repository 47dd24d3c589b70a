//! Clients that are not passed on, and the answer that they get.

use std::io;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::acceptor::{Log, linger};
use crate::dial::{self, Barred};
use crate::event::Direction;
use crate::proto::http1::Head;
use crate::proto::http1::head::{self, Reader};
use crate::session::{OpenError, OpenProblem, Transport};

const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable";
pub(super) const BAD_REQUEST: &str = "HTTP/1.1 400 Bad Request";
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

/// Answers a client for which there is no place, without reading its request.
pub(super) async fn turn_away(mut stream: TcpStream) {
    let _ = answer(
        &mut stream,
        UNAVAILABLE,
        "as many clients are connected as are allowed",
    )
    .await;
}

/// Sends a response of the proxy's own, with one line of text.
pub(super) async fn answer<S: Transport + ?Sized>(
    mut stream: &mut S,
    status: &str,
    text: &str,
) -> io::Result<()> {
    let response = response(status, text);
    stream.write_all(&response).await?;
    stream.flush().await?;
    linger(&mut stream).await
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
    let body = format!("wsee proxy: {text}\n");
    let length = body.len().to_string();
    let mut fields = vec![
        ("Connection", "close"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", length.as_str()),
    ];
    if status == NO_UPGRADE {
        fields.push(("Upgrade", "websocket"));
    }
    let head = Head::encode(status, fields);
    [head.as_bytes(), body.as_bytes()].concat()
}
