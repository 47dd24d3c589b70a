//! The stream of a client, while it is open.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::Reason;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream_error;
use super::tap::Shared;
use crate::dial::http2::flow::{Incoming, Outgoing};
use crate::dial::http2::{How, StreamEnd};
use crate::proto::http2::frame::ErrorCode;
use crate::session::Transport;

/// A stream; its connection carries what is written while that is asked for its next event.
///
/// Like a socket it ends in order when it is dropped, or with a reset if that was asked for.
#[derive(Debug)]
pub struct Stream {
    incoming: Incoming,
    outgoing: Outgoing,
    passed: Shared,
    reset: Option<ErrorCode>,
}

/// Where no Close frame came first.
const ENDED: &str = "the client ended the HTTP/2 stream (END_STREAM) without a Close frame";

impl Stream {
    pub(super) fn new(incoming: Incoming, outgoing: Outgoing, passed: Shared) -> Self {
        Self {
            incoming,
            outgoing,
            passed,
            reset: None,
        }
    }

    pub(super) fn end_with(&mut self, body: Bytes) {
        self.outgoing.end_with(body);
    }

    /// Whether its end is a reset.
    pub fn is_reset(&self) -> bool {
        self.reset.is_some()
    }
}

/// Reads what a client sent on a stream.
pub(super) fn read(
    incoming: &mut Incoming,
    passed: &Shared,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    incoming.poll_read(cx, buf).map(|read| match read {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(stream_error(passed, &error)),
        // An end in order looks the same; the session knows whether a Close frame came before it.
        None => Err(StreamEnd::error(How::Ended, ENDED)),
    })
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        read(&mut this.incoming, &this.passed, cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().outgoing.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().outgoing.end();
        Poll::Ready(Ok(()))
    }
}

impl Transport for Stream {
    fn reset_on_drop(&mut self) {
        self.reset_with(ErrorCode::CANCEL);
    }

    fn reset_with(&mut self, code: ErrorCode) {
        self.reset = Some(code);
    }

    fn failure(&mut self) -> Option<io::Error> {
        let error = self.incoming.failure()?;
        Some(stream_error(&self.passed, &error))
    }

    fn is_ended_by_peer(&mut self) -> bool {
        // Asked once, without waiting for it.
        let mut context = Context::from_waker(Waker::noop());
        self.outgoing.poll_reset(&mut context).is_ready()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        match self.reset {
            Some(code) => self.outgoing.reset(Reason::from(code.0)),
            None => self.outgoing.end(),
        }
    }
}
