//! A stream that delays, splits and withholds bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::Sleep;

use super::connection::Faults;
use super::pace::Pace;
use crate::event::Carried;
use crate::proto::http2::frame::ErrorCode;
use crate::session::Transport;

/// A stream with the faults of its connection.
#[derive(Debug)]
pub struct Faulty<S> {
    stream: S,
    faults: Faults,
    outgoing: Pace,
    incoming: Pace,
    /// How the stream ended, which is yet to be read.
    end: Option<io::Result<()>>,
    /// When to look whether a peer that is not read is gone.
    look: Option<Instant>,
    resets: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// How often a peer that is not read is looked at: its end holds a descriptor for this long.
const LOOK: Duration = Duration::from_secs(1);
/// The number of segments of one byte in a row, after which others have their turn.
const SEGMENTS: usize = 1024;
/// How long a client may take to end the stream after a FIN.
const LINGER: Duration = Duration::from_secs(1);

/// How long a client has to read what came before a reset: a reset discards what its program has not read, and the
/// messages that were counted have to arrive.
const BEFORE_RESET: Duration = Duration::from_millis(100);

impl<S: Transport> Faulty<S> {
    pub fn new(stream: S, faults: Faults) -> Self {
        let state = faults.lock();
        let (timing, incoming, dice) = (state.timing, state.incoming, state.dice);
        drop(state);
        Self {
            stream,
            faults,
            outgoing: Pace::new(timing, dice.of(u64::MAX)),
            incoming: Pace::new(incoming, dice.of(u64::MAX - 1)),
            end: None,
            look: None,
            resets: false,
            sleep: None,
        }
    }

    /// Sends what is delayed after the end of the connection, and keeps the stream for as long as a fault wants it open.
    ///
    /// Returns for how long the stream was kept.
    pub async fn finish(&mut self) -> Option<Duration> {
        let now = clock();
        let last = self.outgoing.end().map_or(now, |end| end.max(now));
        let flushed = tokio::time::timeout_at((last + LINGER).into(), self.flush());
        let _ = flushed.await;
        if self.faults.lock().outgoing.holds() {
            let mut block = [0; 4 << 10];
            while matches!(self.stream.read(&mut block).await, Ok(1..)) {}
            return Some(clock() - now);
        }
        if self.resets {
            tokio::time::sleep(BEFORE_RESET).await;
            return None;
        }
        // A socket that is closed with unread bytes sends a reset instead of a FIN.
        let _ = self.stream.shutdown().await;
        let mut block = [0; 4 << 10];
        let rest = async { while matches!(self.stream.read(&mut block).await, Ok(1..)) {} };
        let _ = tokio::time::timeout(LINGER, rest).await;
        None
    }

    /// Lets time pass for the faults; a server that waits is woken to hear of them.
    fn tick(&mut self, cx: &mut Context<'_>, now: Instant) {
        let mut state = self.faults.lock();
        self.outgoing.set(state.timing);
        self.incoming.set(state.incoming);
        if !state.is_open || state.outgoing.deadline().is_none_or(|at| at > now) {
            return;
        }
        let mut out = Vec::new();
        state.outgoing.handle_timeout(&mut out, now);
        self.outgoing.push(&out, true, now);
        cx.waker().wake_by_ref();
    }

    /// Writes what is due.
    fn drain(&mut self, cx: &mut Context<'_>, now: Instant) -> io::Result<()> {
        let one_byte = self.faults.lock().one_byte;
        let mut segments = SEGMENTS;
        loop {
            let due = self.outgoing.due(now);
            let due = if one_byte {
                &due[..due.len().min(1)]
            } else {
                due
            };
            if due.is_empty() {
                break;
            }
            match Pin::new(&mut self.stream).poll_write(cx, due) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(n)) => self.outgoing.consume(n),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
            if one_byte {
                // With TLS the byte may still be in its buffer.
                if Pin::new(&mut self.stream).poll_flush(cx)?.is_pending() {
                    break;
                }
                segments -= 1;
                if segments == 0 {
                    cx.waker().wake_by_ref();
                    break;
                }
            }
        }
        self.arm(cx, now);
        Ok(())
    }

    /// Wakes the task when the next thing is due.
    fn arm(&mut self, cx: &mut Context<'_>, now: Instant) {
        let state = self.faults.lock();
        let faults = state.outgoing.deadline().filter(|_| state.is_open);
        drop(state);
        let deadlines = [
            faults,
            self.outgoing.deadline(),
            self.incoming.deadline(),
            self.look,
        ];
        // What was due before could not be written or read: the stream wakes the task.
        let ahead = deadlines.into_iter().flatten().filter(|at| *at > now);
        let Some(deadline) = ahead.min() else {
            return;
        };
        let deadline = tokio::time::Instant::from_std(deadline);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        if sleep.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// Reads what the stream has, as far as there is room.
    fn fill(&mut self, cx: &mut Context<'_>, now: Instant) {
        let is_open = self.faults.lock().is_open;
        let mut block = [0; 8 << 10];
        while self.end.is_none() && !self.incoming.is_full() {
            let mut buf = ReadBuf::new(&mut block);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    self.incoming.push(buf.filled(), is_open, now);
                }
                Poll::Ready(end) => self.end = Some(end),
            }
        }
    }

    /// Reads nothing; notices only that the peer is gone.
    fn poll_unread(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>> {
        if self.look.is_none_or(|at| at <= now) {
            if self.stream.is_ended_by_peer() {
                return Poll::Ready(Ok(()));
            }
            self.look = Some(now + LOOK);
        }
        self.arm(cx, now);
        Poll::Pending
    }
}

fn clock() -> Instant {
    // The runtime's clock, because tests pause it.
    tokio::time::Instant::now().into_std()
}

impl<S: Transport> AsyncRead for Faulty<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let now = clock();
        this.tick(cx, now);
        let state = this.faults.lock();
        let is_unread = state.is_open && state.no_read;
        drop(state);
        if is_unread {
            return this.poll_unread(cx, now);
        }
        if this.incoming.is_none() && this.end.is_none() {
            this.arm(cx, now);
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        this.fill(cx, now);
        let due = this.incoming.due(now);
        let n = due.len().min(buf.remaining());
        buf.put_slice(&due[..n]);
        this.incoming.consume(n);
        if n > 0 {
            return Poll::Ready(Ok(()));
        }
        if this.incoming.is_empty()
            && let Some(end) = this.end.take()
        {
            return Poll::Ready(end);
        }
        this.arm(cx, now);
        Poll::Pending
    }
}

impl<S: Transport> AsyncWrite for Faulty<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let now = clock();
        this.tick(cx, now);
        if this.outgoing.is_full() {
            this.drain(cx, now)?;
            if this.outgoing.is_full() {
                return Poll::Pending;
            }
        }
        let mut state = this.faults.lock();
        if state.is_open && !state.outgoing.is_idle() {
            let mut out = Vec::new();
            state.outgoing.write(buf, &mut out, now);
            this.outgoing.push(&out, true, now);
        } else {
            this.outgoing.push(buf, state.is_open, now);
        }
        drop(state);
        this.drain(cx, now)?;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let now = clock();
        this.tick(cx, now);
        let mut out = Vec::new();
        let mut state = this.faults.lock();
        state.outgoing.flush(&mut out, now);
        let is_holding_back = state.outgoing.is_holding_back();
        drop(state);
        this.outgoing.push(&out, true, now);
        this.drain(cx, now)?;
        ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        if is_holding_back || !this.outgoing.is_empty() {
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.faults.lock().outgoing.holds() {
            return Poll::Pending;
        }
        ready!(Pin::new(&mut *this).poll_flush(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

impl<S: Transport> Transport for Faulty<S> {
    fn reset_on_drop(&mut self) {
        self.resets = true;
        self.stream.reset_on_drop();
    }

    fn reset_with(&mut self, code: ErrorCode) {
        self.resets = true;
        self.stream.reset_with(code);
    }

    fn failure(&mut self) -> Option<io::Error> {
        self.stream.failure()
    }

    fn is_ended_by_peer(&mut self) -> bool {
        self.stream.is_ended_by_peer()
    }

    fn has_event(&self) -> bool {
        self.stream.has_event()
    }

    fn take_event(&mut self) -> Option<Carried> {
        self.stream.take_event()
    }
}

/// Says nothing to a client until it is gone.
pub async fn mute(mut stream: impl AsyncRead + Unpin) {
    let mut block = [0; 4 << 10];
    while matches!(stream.read(&mut block).await, Ok(1..)) {}
}
