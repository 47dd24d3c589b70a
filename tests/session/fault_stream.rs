//! A stream that fails, ends, delays or splits one of its operations.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The operation fails with an error, and so do those after it.
    Error,
    /// Nothing more can be read, or written.
    End,
    /// The operation takes a while.
    Delay,
    /// The operation moves a single byte.
    Split,
}

pub const FAULTS: [Fault; 4] = [Fault::Error, Fault::End, Fault::Delay, Fault::Split];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Read,
    Write,
    Flush,
}

/// A fault and the operation it hits, counted from 0.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub side: Side,
    pub at: usize,
    pub fault: Fault,
}

/// What a stream stream saw.
#[derive(Debug, Default)]
pub struct Seen {
    reads: usize,
    writes: usize,
    flushes: usize,
    /// Bytes that were read.
    pub read: usize,
    pub injected: bool,
}

/// A stream with one fault.
#[derive(Debug)]
pub struct FaultStream<S> {
    stream: S,
    plan: Plan,
    seen: Rc<RefCell<Seen>>,
    delay: Option<Pin<Box<Sleep>>>,
    is_broken: bool,
}

/// How long an operation is delayed.
const DELAY: Duration = Duration::from_millis(300);

impl<S> FaultStream<S> {
    pub fn new(stream: S, plan: Plan) -> (Self, Rc<RefCell<Seen>>) {
        let seen = Rc::<RefCell<Seen>>::default();
        let stream = Self {
            stream,
            plan,
            seen: Rc::clone(&seen),
            delay: None,
            is_broken: false,
        };
        (stream, seen)
    }

    /// The fault of this operation, once a delay is over.
    fn fault(&mut self, side: Side, cx: &mut Context<'_>) -> Poll<Option<Fault>> {
        if side != self.plan.side {
            return Poll::Ready(None);
        }
        let mut seen = self.seen.borrow_mut();
        let done = match side {
            Side::Read => seen.reads,
            Side::Write => seen.writes,
            Side::Flush => seen.flushes,
        };
        if done != self.plan.at && !self.is_broken {
            return Poll::Ready(None);
        }
        seen.injected = true;
        self.is_broken = matches!(self.plan.fault, Fault::Error | Fault::End);
        if self.plan.fault == Fault::Delay {
            let deadline = Instant::now() + DELAY;
            let delay = self.delay.get_or_insert(Box::pin(sleep_until(deadline)));
            ready!(delay.as_mut().poll(cx));
        }
        Poll::Ready(Some(self.plan.fault))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FaultStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let fault = ready!(self.fault(Side::Read, cx));
        let most = match fault {
            Some(Fault::Error) => return Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            Some(Fault::End) => return Poll::Ready(Ok(())),
            Some(Fault::Split) => 1,
            Some(Fault::Delay) | None => buffer.remaining(),
        };
        let mut part = buffer.take(most);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        let n = part.filled().len();
        // They are in their place already; only unsafe code could just say so.
        let bytes = part.filled().to_vec();
        buffer.put_slice(&bytes);
        let mut seen = self.seen.borrow_mut();
        seen.reads += 1;
        seen.read += n;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FaultStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let fault = ready!(self.fault(Side::Write, cx));
        let most = match fault {
            Some(Fault::Error) => return Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            Some(Fault::End) => return Poll::Ready(Ok(0)),
            Some(Fault::Split) => 1,
            Some(Fault::Delay) | None => bytes.len(),
        };
        let n = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..most.min(bytes.len())]))?;
        self.seen.borrow_mut().writes += 1;
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if ready!(self.fault(Side::Flush, cx)) == Some(Fault::Error) {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.seen.borrow_mut().flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
