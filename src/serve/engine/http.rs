//! HTTP/1.1 on a connection that is kept: one request after another, with bodies of bounded size.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::proto::buffer::Buffer;
use crate::proto::http1::head::Message;
use crate::proto::http1::{Body, Head, HeadError, Reader};
use crate::proto::receiver::small_input_buffer;

/// How long a connection may be idle before the next request: longer than the polls of any client are apart.
const IDLE: Duration = Duration::from_mins(1);
/// How long a body may take: enough for a megabyte over a slow mobile network.
const BODY: Duration = Duration::from_mins(1);
/// How much of the next request is read before the last one is answered, in bytes.
const READ_AHEAD: usize = 64 << 10;
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

#[derive(Debug)]
pub(super) struct Http<S> {
    pub(super) stream: S,
    pub(super) input: Buffer,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error("the length of the body is missing or malformed (RFC 9112 §6)")]
    Framing,
    #[error("the body is larger than {0} bytes (--max-message)")]
    TooLarge(usize),
    #[error("the body took longer than {} s", BODY.as_secs())]
    Slow,
    #[error("the client left before its request was complete")]
    Cut,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            input: small_input_buffer(),
        }
    }

    /// Reads the head of the next request; `None` when the client has left or is idle.
    pub(super) async fn head(&mut self) -> Result<Option<Head>, RequestError> {
        match timeout(IDLE, self.read_head()).await {
            Ok(head) => head,
            Err(_) if self.input.is_empty() => Ok(None),
            Err(_) => Err(RequestError::Slow),
        }
    }

    async fn read_head(&mut self) -> Result<Option<Head>, RequestError> {
        let mut reader = Reader::new(Message::Request);
        loop {
            // RFC 9112 §2.2: an empty line before the request is ignored.
            while self.input.filled().starts_with(b"\r\n") {
                self.input.consume(2);
            }
            if let Some(head) = reader.read(self.input.filled())? {
                self.input.consume(head.as_bytes().len());
                return Ok(Some(head));
            }
            if self.read().await? == 0 {
                let is_clean = self.input.is_empty();
                return is_clean.then_some(None).ok_or(RequestError::Cut);
            }
        }
    }

    /// Reads the body of the request with this head.
    pub(super) async fn body(
        &mut self,
        head: &Head,
        limit: usize,
    ) -> Result<Vec<u8>, RequestError> {
        match timeout(BODY, self.read_body(head, limit)).await {
            Ok(body) => body,
            Err(_) => Err(RequestError::Slow),
        }
    }

    async fn read_body(&mut self, head: &Head, limit: usize) -> Result<Vec<u8>, RequestError> {
        let mut body = Body::of_request(head, limit).ok_or(RequestError::Framing)?;
        let length = head.text("Content-Length").and_then(|it| it.parse().ok());
        if length.is_some_and(|length: u64| length > limit as u64) {
            return Err(RequestError::TooLarge(limit));
        }
        let expects = head.text("Expect");
        if expects.is_some_and(|it| it.eq_ignore_ascii_case("100-continue")) {
            self.write(CONTINUE).await?;
        }
        loop {
            let taken = body.push(self.input.filled());
            self.input.consume(taken);
            if body.is_malformed() {
                return Err(RequestError::Framing);
            }
            if body.is_truncated() {
                return Err(RequestError::TooLarge(limit));
            }
            if body.is_complete() {
                return Ok(body.content().to_vec());
            }
            if self.read().await? == 0 {
                return Err(RequestError::Cut);
            }
        }
    }

    /// Completes when the client leaves; what it sends until then is kept for the next request.
    pub(super) async fn left(&mut self) {
        while self.input.len() < READ_AHEAD {
            if !matches!(self.read().await, Ok(1..)) {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn read(&mut self) -> io::Result<usize> {
        let n = self.stream.read(self.input.spare(1)).await?;
        self.input.commit(n);
        Ok(n)
    }
}
