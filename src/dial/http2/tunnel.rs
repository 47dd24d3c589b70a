//! The stream of a WebSocket in an HTTP/2 connection.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::client::Connection;
use h2::{Reason, RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::end::{How, StreamEnd};
use super::error::{Http2Error, go_away_text};
use super::flow::{Incoming, Outgoing};
use super::log::Seen;
use super::wire::{Shared, Tap, is_end};
use crate::dial::{Step, io_text};
use crate::proto::http2::frame::{ErrorCode, Frame};

/// Reads in a row that may bring nothing for the stream, before other work of the task has its turn.
const IDLE_READS: usize = 16;

/// The connection below the stream.
#[derive(Debug)]
pub(super) struct Link {
    /// `None` once it is over.
    connection: Option<Box<Connection<Tap, Bytes>>>,
    /// Why it is over, if that is an error.
    error: Option<h2::Error>,
    pub(super) wire: Shared,
}

/// What the library is polled with: it runs in one task, which only the stream has to wake.
fn unwoken() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

impl Link {
    pub(super) fn new(connection: Connection<Tap, Bytes>, wire: Shared) -> Self {
        Self {
            connection: Some(Box::new(connection)),
            error: None,
            wire,
        }
    }

    /// Reads and writes what it can; ready when the connection is over.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..IDLE_READS {
            if self.step(cx, true).is_ready() {
                return Poll::Ready(());
            }
            if !self.wire.lock().is_held() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what it can, and reads the stream once if it may.
    fn step(&mut self, cx: &mut Context<'_>, may_read: bool) -> Poll<()> {
        self.wire.lock().prepare(cx, may_read);
        if let Some(connection) = &mut self.connection
            && let Poll::Ready(over) = Pin::new(connection.as_mut()).poll(&mut unwoken())
        {
            self.connection = None;
            self.error = over.err();
        }
        // An error is the next of the library's reads, and in the log.
        let _ = self.wire.lock().flush();
        if self.is_over() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Writes what it can at once.
    pub(super) fn flush(&mut self) {
        let _ = self.step(&mut unwoken(), false);
    }

    fn is_over(&self) -> bool {
        self.connection.is_none()
    }

    /// Why a connection ended before the server answered.
    pub(super) fn failure(&self) -> Http2Error {
        failure(&self.wire, self.error.as_ref())
    }

    /// Reports what passed up to a head, if one came.
    pub(super) fn report(&self, step: &mut dyn FnMut(Step)) {
        loop {
            let seen = self.wire.lock().log.take();
            match seen {
                None => return,
                Some(seen) if matches!(seen.frame, Frame::Headers { .. }) => return,
                Some(seen) => step(Step::Http2(seen)),
            }
        }
    }
}

/// Why a connection ended before the server answered.
pub(super) fn failure(wire: &Shared, error: Option<&h2::Error>) -> Http2Error {
    let log = &mut wire.lock().log;
    let before_settings = log.settings.is_none();
    if let Some(start) = log.other_protocol.take() {
        return Http2Error::OtherProtocol(start);
    }
    if let Some(go_away) = log.go_away.take() {
        return Http2Error::GoAway(go_away);
    }
    let broken = log.failure.take().filter(|error| !is_end(error));
    match (broken, error.and_then(h2::Error::reason)) {
        (Some(broken), _) => Http2Error::Broken(broken),
        (None, Some(code)) => Http2Error::Broke {
            code: ErrorCode(code.into()),
            before_settings,
        },
        (None, None) => Http2Error::HungUp { before_settings },
    }
}

/// Where no Close frame came first.
const ENDED: &str = "the server ended the HTTP/2 stream (END_STREAM) without a Close frame";

/// Like a socket it ends in order when it is dropped, unless it was reset.
pub struct Tunnel {
    link: Link,
    outgoing: Outgoing,
    incoming: Incoming,
    /// Bytes that were given to the library to send.
    given: u64,
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").finish_non_exhaustive()
    }
}

impl Tunnel {
    pub(super) fn new(link: Link, sender: SendStream<Bytes>, receiver: RecvStream) -> Self {
        Self {
            link,
            outgoing: Outgoing::new(sender),
            incoming: Incoming::new(receiver),
            given: 0,
        }
    }

    pub fn has_seen(&self) -> bool {
        !self.link.wire.lock().log.is_empty()
    }

    pub fn take_seen(&mut self) -> Option<Seen> {
        self.link.wire.lock().log.take()
    }

    /// Resets the stream; the connection ends in order.
    pub fn reset(&mut self, code: ErrorCode) {
        self.outgoing.reset(Reason::from(code.0));
        self.link.flush();
    }

    /// Why nothing more can be written; what was received and not read is lost.
    pub fn failure(&mut self) -> Option<io::Error> {
        let reset = self.incoming.failure();
        let is_over = reset.is_some() || self.link.is_over();
        is_over.then(|| self.lost(reset.as_ref().or(self.link.error.as_ref())))
    }

    /// Reads as many frames as `buf` takes of what was received.
    fn receive(&mut self, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let end = match self.incoming.poll_read(&mut unwoken(), buf) {
            Poll::Ready(Some(Ok(()))) => return Poll::Ready(Ok(())),
            Poll::Ready(Some(Err(error))) => self.lost(Some(&error)),
            // An end in order looks the same; the session knows whether a Close frame came before it.
            Poll::Ready(None) => StreamEnd::error(How::Ended, ENDED),
            Poll::Pending if self.link.is_over() => self.lost(self.link.error.as_ref()),
            Poll::Pending => return Poll::Pending,
        };
        Poll::Ready(Err(end))
    }

    fn is_flushed(&self) -> bool {
        let wire = self.link.wire.lock();
        wire.log.sent_data >= self.given && wire.is_flushed()
    }

    /// Why the stream ended without `END_STREAM`.
    fn lost(&self, error: Option<&h2::Error>) -> io::Error {
        let log = &mut self.link.wire.lock().log;
        let failure = log.failure.take();
        let (how, text) = match (error, &log.go_away) {
            (Some(error), _) if error.is_reset() && error.is_remote() => {
                let code = code(error);
                let text = format!("the server reset the HTTP/2 stream with {code}");
                (How::Code(code), text)
            }
            (_, Some(go_away)) => (How::Code(go_away.code), go_away_text(go_away)),
            (Some(error), None) if error.is_library() => {
                let code = code(error);
                let text =
                    format!("the server breaks HTTP/2; wsee ended the connection with {code}");
                (How::Code(code), text)
            }
            (_, None) => {
                let end = failure.as_ref().map(io::Error::kind);
                let text = match failure.filter(|error| !is_end(error)) {
                    Some(failure) => io_text(&failure),
                    None => "the server ended the HTTP/2 connection without END_STREAM".to_owned(),
                };
                (How::Lost(end.unwrap_or(io::ErrorKind::UnexpectedEof)), text)
            }
        };
        StreamEnd::error(how, text)
    }
}

fn code(error: &h2::Error) -> ErrorCode {
    ErrorCode(error.reason().map_or(0, u32::from))
}

impl AsyncRead for Tunnel {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut is_dry = false;
        for _ in 0..IDLE_READS {
            if let Poll::Ready(read) = this.receive(buf) {
                return Poll::Ready(read);
            }
            if is_dry {
                return Poll::Pending;
            }
            let over = this.link.step(cx, true);
            is_dry = over.is_pending() && !this.link.wire.lock().is_held();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.outgoing.is_full(bytes.len()) {
            // A WINDOW_UPDATE may have arrived.
            let _ = this.link.drive(cx);
        }
        let written = ready!(this.outgoing.poll_write(&mut unwoken(), bytes))?;
        this.given += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut over = this.link.step(cx, false);
        if over.is_pending() && !this.is_flushed() {
            // The window is shut, or the stream below is full.
            over = this.link.drive(cx);
        }
        if this.is_flushed() {
            return Poll::Ready(Ok(()));
        }
        // The reason is read.
        over.map(|()| Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.outgoing.end();
        let is_over = this.link.drive(cx).is_ready();
        // A stream that was reset has no end to announce.
        if is_over || this.outgoing.poll_reset(&mut unwoken()).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let wire = this.link.wire.lock();
        if wire.log.has_ended && wire.is_flushed() {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.outgoing.end();
        self.link.flush();
    }
}
