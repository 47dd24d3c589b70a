//! The loop between a socket, the engine and a mode.
//!
//! One task owns all three. A round handles every complete frame, takes input until the output is full or input runs
//! dry, writes, flushes and reads once; when nothing moved, the task sleeps until a descriptor or the earliest
//! deadline wakes it. There is no queue, no lock and no other task in between.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::ReadBuf;
use tokio::time::Sleep;

use super::mode::{How, Mode, OUTPUT_FULL, Stop};
use super::transport::Transport;
use crate::event::{Cause, Ending, Event, Unsent};
use crate::proto::connection::{self, Connection, End};
use crate::proto::frame::{CloseCode, CloseFrame};

/// Runs an open connection to its end.
pub async fn run<S, M>(stream: S, connection: Connection, opened: Instant, mode: &mut M) -> Ending
where
    S: Transport,
    M: Mode,
{
    let mut driver = Driver {
        stream,
        connection,
        mode,
        opened,
        sleep: None,
        broken: false,
        unflushed: false,
        shut_down: false,
        cause: None,
        end: None,
        aborted: false,
    };
    // The driver hands the thread back by itself, after some rounds.
    tokio::task::unconstrained(poll_fn(|cx| driver.poll(cx))).await
}

/// Rounds after which other tasks and the runtime get their turn.
const ROUNDS: usize = 64;

#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about the stream"
)]
struct Driver<'m, S, M> {
    stream: S,
    connection: Connection,
    mode: &'m mut M,
    opened: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Writing failed: what there is to read is still read.
    broken: bool,
    unflushed: bool,
    shut_down: bool,
    cause: Option<Cause>,
    end: Option<End>,
    /// The user does not want to wait for anything any more.
    aborted: bool,
}

impl<S: Transport, M: Mode> Driver<'_, S, M> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        for _ in 0..ROUNDS {
            let now = Instant::now();
            self.handle_events(now);
            let mut moved = self.mode.poll_input(cx, self.connection.sender(), now);
            moved |= self.write(cx, now);
            let flushed = self.mode.poll_output(cx).is_ready();
            moved |= self.handle_stop(cx, now);
            if self.aborted {
                return Poll::Ready(self.ending(now));
            }
            if self.end.is_some() {
                return if flushed {
                    Poll::Ready(self.ending(now))
                } else {
                    Poll::Pending
                };
            }
            if flushed {
                moved |= self.read(cx, now);
            } else {
                self.connection.resumed(now);
            }
            if !moved && self.sleep(cx, now).is_pending() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Hands on every event there is, and lets time pass first.
    fn handle_events(&mut self, now: Instant) {
        self.connection.observe_frames(self.mode.wants_frames());
        self.connection.handle_timeout(now);
        let mut idle = None;
        while let Some((event, sender)) = self.connection.poll_event(now) {
            if let connection::Event::Ended(end) = &event {
                self.end = Some(end.clone());
            }
            match event {
                connection::Event::Idle(limit) => idle = Some(limit),
                event => self.mode.event(Event::Connection(event), sender, now),
            }
        }
        if let Some(limit) = idle {
            let frame = CloseFrame::new(CloseCode::NORMAL, "idle");
            self.stop(Stop::in_a_hurry(Cause::Idle(limit), Some(frame)), now);
        }
    }

    /// Starts the closing handshake when the mode wants to end; a second signal does not wait for it.
    fn handle_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut moved = false;
        while let Poll::Ready(stop) = self.mode.poll_stop(cx, now) {
            moved = true;
            if self.cause.is_some() && matches!(stop.cause, Cause::Signal(_)) {
                self.cause = Some(stop.cause);
                self.aborted = true;
                return true;
            }
            self.stop(stop, now);
        }
        moved
    }

    fn stop(&mut self, stop: Stop, now: Instant) {
        let begun = self.cause.is_some() || self.end.is_some();
        if !begun || matches!(stop.cause, Cause::Write(_)) {
            self.cause = Some(stop.cause);
        }
        if begun {
            return;
        }
        match stop.how {
            How::Close { frame, patience } => self.connection.close(frame, patience, now),
            How::Abandon { reset } => {
                if reset {
                    self.stream.reset_on_drop();
                }
                self.connection.abandon(reset);
            }
        }
    }

    /// Writes what the socket takes; ends its sending direction when the engine wants that.
    fn write(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut moved = false;
        while !self.connection.sender().output().is_empty() {
            let output = self.connection.sender().output();
            if self.broken {
                let n = output.len();
                self.connection.written(n, now);
                continue;
            }
            match Pin::new(&mut self.stream).poll_write(cx, output) {
                Poll::Ready(Ok(n @ 1..)) => {
                    self.connection.written(n, now);
                    self.unflushed = true;
                    moved = true;
                }
                Poll::Ready(_) => self.broken = true,
                Poll::Pending => return moved,
            }
        }
        self.flush(cx);
        moved
    }

    fn flush(&mut self, cx: &mut Context<'_>) {
        if self.unflushed && !self.broken {
            self.unflushed = Pin::new(&mut self.stream).poll_flush(cx).is_pending();
        }
        if !self.shut_down && !self.unflushed && self.connection.wants_shutdown() {
            self.shut_down = Pin::new(&mut self.stream).poll_shutdown(cx).is_ready();
        }
    }

    /// Reads once, unless what it would lead to could not be written.
    fn read(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        if self.mode.answers() && self.connection.sender().output().len() >= OUTPUT_FULL {
            return false;
        }
        let mut buffer = ReadBuf::new(self.connection.input());
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => false,
            Poll::Ready(Ok(())) => {
                match buffer.filled().len() {
                    0 => self.connection.lost(None),
                    n => self.connection.received(n, now),
                }
                true
            }
            Poll::Ready(Err(error)) => {
                self.connection.lost(Some(describe(&error)));
                true
            }
        }
    }

    /// Sleeps until the earliest deadline; ready when it has passed.
    fn sleep(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<()> {
        let deadlines = [self.connection.poll_timeout(), self.mode.deadline()];
        let Some(deadline) = deadlines.into_iter().flatten().min() else {
            return Poll::Pending;
        };
        if deadline <= now {
            return Poll::Ready(());
        }
        let deadline = tokio::time::Instant::from_std(deadline);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        // A deadline that moved back is not worth a reset: the sleep ends early, and begins anew.
        if sleep.is_elapsed() || deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }

    fn ending(&mut self, now: Instant) -> Ending {
        let (sent, received) = self.connection.traffic();
        let mut ending = Ending {
            end: self.end.clone().unwrap_or(End::CloseTimeout),
            cause: self.cause.take(),
            lasted: now - self.opened,
            sent,
            received,
            unsent: Unsent::default(),
            missed_count: None,
        };
        self.mode.complete(&mut ending);
        ending.unsent.bytes = self.connection.sender().output().len();
        ending
    }
}

/// A transport's error in the words that the last line uses.
fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset => "TCP reset".to_owned(),
        io::ErrorKind::TimedOut => "TCP timed out".to_owned(),
        io::ErrorKind::UnexpectedEof => "TLS ended without close_notify".to_owned(),
        _ => error.to_string(),
    }
}
