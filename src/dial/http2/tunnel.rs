//! The stream of a WebSocket in an HTTP/2 connection.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::Connection;
use h2::{Reason, RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::error::{Http2Error, go_away_text};
use super::flow::{Incoming, Outgoing};
use super::frame::{ErrorCode, Frame};
use super::tap::{Seen, SharedLog, Tap, is_end};
use crate::dial::{Step, io_text};

/// The connection below the stream.
#[derive(Debug)]
pub(super) struct Link {
    /// `None` once it is over.
    connection: Option<Box<Connection<Tap, Bytes>>>,
    pub(super) log: SharedLog,
}

impl Link {
    pub(super) fn new(connection: Connection<Tap, Bytes>, log: SharedLog) -> Self {
        Self {
            connection: Some(Box::new(connection)),
            log,
        }
    }

    /// Reads and writes what it can; ready when the connection is over, with the reason if that is an error.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> Poll<Option<h2::Error>> {
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(None);
        };
        let over = ready!(Pin::new(connection.as_mut()).poll(cx));
        self.connection = None;
        Poll::Ready(over.err())
    }

    /// Reports what passed up to a head, if one came.
    pub(super) fn report(&self, step: &mut dyn FnMut(Step)) {
        loop {
            let seen = self.log.lock().take();
            match seen {
                None => return,
                Some(seen) if matches!(seen.frame, Frame::Headers { .. }) => return,
                Some(seen) => step(Step::Http2(seen)),
            }
        }
    }
}

/// Why a connection ended before the server answered.
pub(super) fn failure(log: &SharedLog, error: Option<&h2::Error>) -> Http2Error {
    let mut log = log.lock();
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
        !self.link.log.lock().is_empty()
    }

    pub fn take_seen(&mut self) -> Option<Seen> {
        self.link.log.lock().take()
    }

    /// Resets the stream; the connection ends in order.
    pub fn reset(&mut self) {
        self.outgoing.reset(Reason::CANCEL);
        let mut context = Context::from_waker(std::task::Waker::noop());
        let _ = self.link.drive(&mut context);
    }

    fn outcome(&self, read: Poll<Option<Result<(), h2::Error>>>) -> Poll<io::Result<()>> {
        read.map(|read| match read {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(self.lost(Some(&error))),
            // An end in order looks the same; the session knows whether a Close frame came before it.
            None => Err(io::Error::other(ENDED)),
        })
    }

    /// Why the stream ended without `END_STREAM`.
    fn lost(&self, error: Option<&h2::Error>) -> io::Error {
        let mut log = self.link.log.lock();
        let failure = log.failure.take();
        let text = match (error, &log.go_away) {
            (Some(error), _) if error.is_reset() && error.is_remote() => {
                format!("the server reset the HTTP/2 stream with {}", code(error))
            }
            (_, Some(go_away)) => go_away_text(go_away),
            (Some(error), None) if error.is_library() => {
                let code = code(error);
                format!("the server breaks HTTP/2; wsee ended the connection with {code}")
            }
            (_, None) => match failure.filter(|error| !is_end(error)) {
                Some(failure) => io_text(&failure),
                None => "the server ended the HTTP/2 connection without END_STREAM".to_owned(),
            },
        };
        io::Error::other(text)
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
        let read = this.incoming.poll_read(cx, buf);
        if read.is_ready() {
            return this.outcome(read);
        }
        // More is received only once everything before is read: the library limits the number of frames that wait.
        let over = this.link.drive(cx);
        let read = this.incoming.poll_read(cx, buf);
        match over {
            Poll::Ready(error) if read.is_pending() => Poll::Ready(Err(this.lost(error.as_ref()))),
            _ => this.outcome(read),
        }
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
        let n = ready!(this.outgoing.poll_write(cx, bytes))?;
        this.given += n as u64;
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let is_over = this.link.drive(cx).is_ready();
        let log = this.link.log.lock();
        if log.sent_data >= this.given && !log.is_unflushed {
            return Poll::Ready(Ok(()));
        }
        if is_over {
            // The reason is read.
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.outgoing.end();
        if this.link.drive(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let log = this.link.log.lock();
        if log.has_ended && !log.is_unflushed {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }
}
