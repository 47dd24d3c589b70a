//! The bytes of one stream, in both directions, with flow control.

use std::io;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use h2::{Reason, RecvStream, SendStream};
use tokio::io::ReadBuf;

/// What comes.
#[derive(Debug)]
pub struct Incoming {
    stream: RecvStream,
    /// Received, and not read yet.
    rest: Bytes,
}

impl Incoming {
    pub fn new(stream: RecvStream) -> Self {
        Self {
            stream,
            rest: Bytes::new(),
        }
    }

    /// Reads what was received, and lets the peer send as much again; `None` at the end of the stream.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Option<Result<(), h2::Error>>> {
        let before = buf.filled().len();
        // A message may be a frame, and a read takes as many as there are.
        while buf.remaining() > 0 {
            match self.poll(cx) {
                Poll::Ready(Some(Ok(()))) => self.take(buf),
                // What ended the stream is reported again by the next read.
                _ if buf.filled().len() > before => break,
                other => return other,
            }
        }
        Poll::Ready(Some(Ok(())))
    }

    /// Ready when there are bytes to read.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), h2::Error>>> {
        while self.rest.is_empty() {
            match ready!(self.stream.poll_data(cx)) {
                Some(Ok(bytes)) => self.rest = bytes,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        Poll::Ready(Some(Ok(())))
    }

    /// Why a stream that was reset is over; what was received and not read is lost.
    pub fn failure(&mut self) -> Option<h2::Error> {
        let mut context = Context::from_waker(Waker::noop());
        self.rest = Bytes::new();
        // Ends, as no more than a window is received.
        while let Poll::Ready(Some(data)) = self.stream.poll_data(&mut context) {
            match data {
                Ok(bytes) => {
                    let _ = self.stream.flow_control().release_capacity(bytes.len());
                }
                Err(error) => return Some(error),
            }
        }
        None
    }

    fn take(&mut self, buf: &mut ReadBuf<'_>) {
        let n = self.rest.len().min(buf.remaining());
        buf.put_slice(&self.rest[..n]);
        self.rest.advance(n);
        // Fails only for more than was received.
        let _ = self.stream.flow_control().release_capacity(n);
    }
}

/// What is sent.
#[derive(Debug)]
pub struct Outgoing {
    stream: SendStream<Bytes>,
    has_ended: bool,
}

impl Outgoing {
    pub fn new(stream: SendStream<Bytes>) -> Self {
        Self {
            stream,
            has_ended: false,
        }
    }

    /// Whether a write of this many bytes may have to wait for a `WINDOW_UPDATE`.
    pub fn is_full(&mut self, wanted: usize) -> bool {
        self.stream.reserve_capacity(wanted);
        self.stream.capacity() == 0
    }

    /// Writes as much as the windows of stream and connection allow.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.stream.reserve_capacity(bytes.len());
        while self.stream.capacity() == 0 {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
        let n = bytes.len().min(self.stream.capacity());
        let data = Bytes::copy_from_slice(&bytes[..n]);
        let sent = self.stream.send_data(data, false);
        Poll::Ready(
            sent.map(|()| n)
                .map_err(|_| io::ErrorKind::BrokenPipe.into()),
        )
    }

    /// Sends `END_STREAM`, once.
    pub fn end(&mut self) {
        self.end_with(Bytes::new());
    }

    /// The same after the last bytes, for which the library waits for room.
    pub fn end_with(&mut self, last: Bytes) {
        if !self.has_ended {
            self.has_ended = true;
            // A stream that was reset has no end to announce.
            let _ = self.stream.send_data(last, true);
        }
    }

    pub fn reset(&mut self, code: Reason) {
        self.has_ended = true;
        self.stream.send_reset(code);
    }

    /// Ready when the stream was reset by the peer, or its connection is over.
    pub fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stream.poll_reset(cx).map(|_| ())
    }
}
