//! The byte stream below HTTP/2.
//!
//! The library reads and writes a [`Tap`]; the stream itself is read once for many of its frames, and written once.
//! Only the stream wakes the task: whatever else happens, happens in it.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::input::Input;
use super::log::{Log, MOST_BEFORE_ANSWER};
use super::output::Output;

/// The stream below a connection.
pub(in crate::dial) trait Below:
    AsyncRead + AsyncWrite + Debug + Send + Unpin
{
}

impl<T: AsyncRead + AsyncWrite + Debug + Send + Unpin> Below for T {}

#[derive(Debug)]
pub(super) struct Wire {
    stream: Box<dyn Below>,
    /// Of the task that drives the connection.
    waker: Waker,
    input: Input,
    pub(super) output: Output,
    reading: Reading,
    /// Writing failed because the peer left: what it said last is still to be read.
    is_left: bool,
    /// Whether the stream may hold bytes back.
    is_unflushed: bool,
    /// Received bytes, until there are enough to know that they are HTTP/2.
    start: Option<Vec<u8>>,
    pub(super) log: Log,
}

/// Whether the library gets what a read of the stream brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Allowed,
    Spent,
    /// It wants more than it may have.
    Held,
}

/// One wire, for the library and for what drives it.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Mutex<Wire>>);

impl Shared {
    pub(super) fn new(stream: Box<dyn Below>) -> Self {
        Self(Arc::new(Mutex::new(Wire {
            stream,
            waker: Waker::noop().clone(),
            input: Input::default(),
            output: Output::default(),
            reading: Reading::Allowed,
            is_left: false,
            is_unflushed: false,
            start: Some(Vec::new()),
            log: Log::default(),
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wire {
    /// Lets the library read once, or not at all, for a task that the stream is to wake.
    pub(super) fn prepare(&mut self, cx: &Context<'_>, may_read: bool) {
        self.waker.clone_from(cx.waker());
        self.reading = if may_read {
            Reading::Allowed
        } else {
            Reading::Spent
        };
    }

    /// Whether there may be more to read; nothing wakes the task for it.
    pub(super) fn is_held(&self) -> bool {
        self.reading == Reading::Held
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.output.is_empty() && !self.is_unflushed
    }

    /// Writes and flushes what the library sent.
    pub(super) fn flush(&mut self) -> Poll<io::Result<()>> {
        let mut cx = Context::from_waker(&self.waker);
        while !self.is_left && !self.output.is_empty() {
            let waiting = self.output.waiting();
            match ready!(Pin::new(&mut self.stream).poll_write(&mut cx, waiting)) {
                Ok(0) => return Poll::Ready(Err(self.fail(io::ErrorKind::WriteZero.into()))),
                Ok(n) => {
                    self.output.take(n);
                    self.is_unflushed = true;
                }
                Err(error) if is_end(&error) => self.is_left = true,
                Err(error) => return Poll::Ready(Err(self.fail(error))),
            }
        }
        if self.is_unflushed && !self.is_left {
            match ready!(Pin::new(&mut self.stream).poll_flush(&mut cx)) {
                Ok(()) => self.is_unflushed = false,
                Err(error) if is_end(&error) => self.is_left = true,
                Err(error) => return Poll::Ready(Err(self.fail(error))),
            }
        }
        if self.is_left {
            self.output.clear();
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn fail(&mut self, error: io::Error) -> io::Error {
        let copy = copy(&error);
        self.log.failure = Some(error);
        copy
    }

    fn read(&mut self, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(failure) = &self.log.failure {
            return Poll::Ready(Err(copy(failure)));
        }
        while self.input.ready().is_empty() {
            if self.reading != Reading::Allowed {
                self.reading = Reading::Held;
                return Poll::Pending;
            }
            let n = match ready!(self.fill()) {
                Ok(n) => n,
                Err(error) => return Poll::Ready(Err(self.fail(error))),
            };
            if n == 0 {
                return Poll::Ready(Ok(()));
            }
            let log = &mut self.log;
            self.input.received(n, &mut |frame| log.received(frame));
            if log.is_flood() {
                let text = format!("more than {MOST_BEFORE_ANSWER} frames before an answer");
                return Poll::Ready(Err(self.fail(io::Error::other(text))));
            }
        }
        self.reading = Reading::Spent;
        let ready = self.input.ready();
        let n = ready.len().min(buf.remaining());
        buf.put_slice(&ready[..n]);
        self.input.take(n);
        Poll::Ready(Ok(()))
    }

    /// Reads the stream; an error is one of another protocol, or the stream's.
    fn fill(&mut self) -> Poll<io::Result<usize>> {
        let mut cx = Context::from_waker(&self.waker);
        let mut room = ReadBuf::new(self.input.room());
        ready!(Pin::new(&mut self.stream).poll_read(&mut cx, &mut room))?;
        let received = room.filled();
        if let Some(start) = &mut self.start {
            start.extend_from_slice(received);
            match is_http2(start) {
                Some(true) => self.start = None,
                Some(false) => {
                    start.truncate(32);
                    self.log.other_protocol = self.start.take();
                    return Poll::Ready(Err(io::Error::other("another protocol")));
                }
                None => {}
            }
        }
        Poll::Ready(Ok(received.len()))
    }
}

fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

/// Whether the peer left, rather than said something.
pub(super) fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
    )
}

/// RFC 9113 §3.4: the first frame of a server is SETTINGS.
fn is_http2(start: &[u8]) -> Option<bool> {
    match *start {
        [_, _, _, kind, flags, a, b, c, d, ..] => {
            Some(kind == 4 && flags & 1 == 0 && [a & 0x7f, b, c, d] == [0; 4])
        }
        [b'H', b'T', b'T', b'P', ..] => Some(false),
        _ => None,
    }
}

/// The library's end of a wire; its contexts wake nobody.
#[derive(Debug)]
pub(super) struct Tap(pub(super) Shared);

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.lock().read(buf)
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut wire = self.0.lock();
        if wire.output.is_full() {
            ready!(wire.flush())?;
        }
        let Wire { output, log, .. } = &mut *wire;
        for slice in slices {
            output.push(slice, &mut |frame| log.sent(frame));
        }
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// What drives the connection flushes the wire, after many frames.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wire = self.0.lock();
        ready!(wire.flush())?;
        let Wire { stream, waker, .. } = &mut *wire;
        Pin::new(stream).poll_shutdown(&mut Context::from_waker(waker))
    }
}
