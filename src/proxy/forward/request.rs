//! A request that passes on, and what can be read of it without doubt.

use std::io;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use crate::proto::buffer::Buffer;
use crate::proto::http1::head::{Message, Reader};
use crate::proto::http1::{Body, Head, HeadError};
use crate::session::Transport;

/// How long a client may take for the rest of a head that it has begun.
const HEAD: Duration = Duration::from_secs(10);

/// How long a client may be silent before a request: longer than browsers wait with a connection that they open ahead,
/// while --max-clients is not used up by clients that are gone.
const IDLE: Duration = Duration::from_mins(1);

/// A request with its framing.
#[derive(Debug)]
pub(super) struct Request {
    /// As the server gets it.
    pub(super) head: Head,
    pub(super) body: Body,
    pub(super) is_head: bool,
    /// Asks for another protocol on the connection.
    pub(super) upgrades: bool,
    /// The connection is for further requests.
    pub(super) persists: bool,
}

/// Why no request could be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("{0}")]
    Head(#[from] HeadError),
    #[error("the length of the request's body is not clear (RFC 9112 §6.3)")]
    Length,
    #[error("the head of the request took longer than 10 s")]
    Slow,
    #[error("the client left in the middle of a request")]
    Cut,
    #[error("the client speaks TLS to the proxy; give it an http:// URL, or start with --tls")]
    Tls,
    #[error("lost the client: {}", crate::dial::io_text(.0))]
    Lost(#[from] io::Error),
}

impl RequestError {
    /// The same without what may be a secret, for the log.
    pub(super) fn without_values(self) -> Self {
        match self {
            Self::Head(error) => Self::Head(error.without_values()),
            other => other,
        }
    }
}

impl Request {
    pub(super) fn new(head: Head) -> Result<Self, RequestError> {
        let body = Body::of_request(&head, 0).ok_or(RequestError::Length)?;
        Ok(Self {
            body,
            is_head: head.start_line().starts_with(b"HEAD "),
            upgrades: has(&head, "Connection", "upgrade") && !head.list("Upgrade").is_empty(),
            persists: persists(&head),
            head,
        })
    }

    /// Whether it opens a WebSocket, and nothing else is in its way.
    pub(super) fn opens_websocket(&self) -> bool {
        self.upgrades && self.body.is_complete() && crate::proxy::request::is_upgrade(&self.head)
    }
}

/// Whether the peer keeps the connection after this message (RFC 9112 §9.3).
pub(super) fn persists(head: &Head) -> bool {
    if head.is_http10() {
        return has(head, "Connection", "keep-alive");
    }
    !has(head, "Connection", "close")
}

fn has(head: &Head, name: &str, token: &str) -> bool {
    let list = head.list(name);
    list.iter().any(|it| it.eq_ignore_ascii_case(token))
}

/// Reads the head of the next request; `None` if the client has left in order, or has nothing to ask.
pub(super) async fn read(
    front: &mut dyn Transport,
    input: &mut Buffer,
) -> Result<Option<Head>, RequestError> {
    // RFC 9112 §2.2: an empty line before a request is ignored.
    while input.filled().starts_with(b"\r\n") {
        input.consume(2);
    }
    if input.is_empty() {
        match tokio::time::timeout(IDLE, fill(front, input)).await {
            Ok(Ok(1..)) => {}
            Ok(Err(error)) => return Err(error.into()),
            // RFC 9112 §9.8: a connection that is idle may be closed at any time.
            Ok(Ok(0)) | Err(_) => return Ok(None),
        }
    }
    let rest = tokio::time::timeout(HEAD, rest(front, input));
    rest.await.unwrap_or(Err(RequestError::Slow)).map(Some)
}

async fn rest(front: &mut dyn Transport, input: &mut Buffer) -> Result<Head, RequestError> {
    let mut reader = Reader::new(Message::Request);
    loop {
        if let [0x16, ..] = input.filled() {
            return Err(RequestError::Tls);
        }
        if let Some(head) = reader.read(input.filled())? {
            input.consume(head.as_bytes().len());
            return Ok(head);
        }
        if fill(front, input).await? == 0 {
            return Err(RequestError::Cut);
        }
    }
}

/// Reads once.
pub(super) async fn fill(front: &mut dyn Transport, input: &mut Buffer) -> io::Result<usize> {
    let n = front.read(input.spare(1)).await?;
    input.commit(n);
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::receiver::small_input_buffer;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_asks_nothing_is_let_go() {
        let (_client, mut front) = tokio::io::duplex(64);
        let read = read(&mut front, &mut small_input_buffer()).await;
        assert!(matches!(read, Ok(None)), "{read:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_takes_too_long_is_slow() {
        let (mut client, mut front) = tokio::io::duplex(64);
        let begun = tokio::io::AsyncWriteExt::write_all(&mut client, b"GET / HT").await;
        begun.expect("room");
        let read = read(&mut front, &mut small_input_buffer()).await;
        assert!(matches!(read, Err(RequestError::Slow)), "{read:?}");
    }
}
