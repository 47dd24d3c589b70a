//! The loop between a socket, the engine and a mode.
//!
//! One task owns all three. A round handles every complete frame, takes input until the output is full or input runs
//! dry, writes, flushes and reads once; when nothing moved, the task sleeps until a descriptor or the earliest
//! deadline wakes it. There is no queue, no lock and no other task in between.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::ReadBuf;
use tokio::time::Sleep;

use super::mode::{CloseMode, Mode, OUTPUT_FULL, Stop};
use super::transport::Transport;
use crate::event::{Cause, Ending, Event, RoundTrips, Signal, Unsent};
use crate::proto::connection::{self, Connection, End};

/// Runs an open connection, the only one, to its end.
pub async fn run<S, M>(stream: S, connection: Connection, opened: Instant, mode: &mut M) -> Ending
where
    S: Transport,
    M: Mode,
{
    let mut ending = drive(stream, connection, opened, mode).await;
    mode.complete(&mut ending);
    ending
}

/// Runs an open connection, after which there may be another, to its end.
pub(super) async fn drive<S, M>(
    stream: S,
    connection: Connection,
    opened: Instant,
    mode: &mut M,
) -> Ending
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
        unflushed: None,
        shut_down: false,
        cause: None,
        end: None,
        aborted: false,
        give_up: None,
        undelivered_input: false,
        discarded: 0,
        first_message: None,
        round_trips: RoundTrips::default(),
        received_this_round: false,
        arrived: 0,
        delivery_mark: None,
    };
    // The driver hands the thread back by itself, after some rounds.
    tokio::task::unconstrained(poll_fn(|cx| driver.poll(cx))).await
}

/// How long a message may be under way to a peer that sends something meanwhile.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// The most that a stream keeps of what it took, in bytes: rustls's buffer.
const MOST_HELD: usize = 64 << 10;
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
    /// Bytes of messages that the stream took and may still hold; `None` when it holds nothing.
    unflushed: Option<usize>,
    shut_down: bool,
    cause: Option<Cause>,
    end: Option<End>,
    /// The user does not want to wait for anything any more.
    aborted: bool,
    /// When output that cannot be written is no longer waited for.
    give_up: Option<Instant>,
    /// Bytes came whose events were not all handed on.
    undelivered_input: bool,
    /// Bytes of messages that a broken stream did not take.
    discarded: usize,
    first_message: Option<Instant>,
    round_trips: RoundTrips,
    /// The peer sent something this round.
    received_this_round: bool,
    /// Messages that have arrived: the peer sent something long after they were written.
    arrived: u64,
    /// Messages that were written at that time.
    delivery_mark: Option<(Instant, u64)>,
}

impl<S: Transport, M: Mode> Driver<'_, S, M> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        for _ in 0..ROUNDS {
            // The runtime's clock, which tests may stop.
            let now = tokio::time::Instant::now().into_std();
            let drained = self.handle_events(now);
            if std::mem::take(&mut self.received_this_round) {
                self.note_delivery(now);
            }
            let mut moved = self.mode.poll_input(cx, self.connection.sender(), now);
            moved |= self.write(cx, now);
            let flushed = self.mode.poll_output(cx).is_ready();
            moved |= self.handle_stop(cx, now);
            if self.is_over(flushed, now) {
                return Poll::Ready(self.ending(now));
            }
            if flushed && drained && !self.is_full() {
                moved |= self.read(cx, now);
            } else {
                // What has come waits for our own output: the peer is not silent.
                self.connection.pause_reading(now);
                self.mode.under_way(now);
                moved |= flushed && !drained && !self.is_full();
            }
            if !moved && self.sleep(cx, now).is_pending() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Lets time pass, and hands on events until there are none, or no room for what they lead to.
    fn handle_events(&mut self, now: Instant) -> bool {
        self.connection.observe_frames(self.mode.wants_frames());
        self.connection.handle_timeout(now);
        while !self.is_full() {
            if self.mode.has_rest() {
                self.mode.rest(self.connection.lent());
                continue;
            }
            let mut polled = self.connection.poll_event(now);
            // Looked at where it is: to move what has just been written would stall the processor.
            let Some((event, sender)) = &mut polled else {
                drop(polled);
                if std::mem::take(&mut self.undelivered_input) && self.connection.is_under_way() {
                    self.mode.under_way(now);
                }
                return true;
            };
            match event {
                connection::Event::Message(_) => {
                    self.received_this_round = true;
                    if self.first_message.is_none() {
                        self.first_message = Some(now);
                    }
                }
                connection::Event::Pong { rtt, .. } => {
                    self.received_this_round = true;
                    if let Some(rtt) = rtt {
                        self.round_trips.add(*rtt);
                    }
                }
                connection::Event::Ended(end) => self.end = Some(End::clone(end)),
                _ => {}
            }
            self.mode.event(Event::Connection(event), sender, now);
        }
        false
    }

    /// Notes what has arrived, now that the peer has sent something.
    fn note_delivery(&mut self, now: Instant) {
        match self.delivery_mark {
            Some((at, _)) if now - at < UNDER_WAY => return,
            Some((_, messages)) => self.arrived = messages,
            None => {}
        }
        let sender = self.connection.sender();
        if sender.output().is_empty() {
            self.delivery_mark = Some((now, sender.sent().messages));
        }
    }

    /// Whether there is no room for what further events would lead to.
    fn is_full(&mut self) -> bool {
        let answers = self.mode.answers() && !self.broken;
        self.mode.is_full() || answers && self.connection.sender().output().len() >= OUTPUT_FULL
    }

    /// Whether the connection has ended and nothing is left to do or to wait for.
    fn is_over(&self, flushed: bool, now: Instant) -> bool {
        let given_up = self.give_up.is_some_and(|deadline| deadline <= now);
        self.aborted || self.end.is_some() && (flushed || given_up)
    }

    /// Starts the closing handshake when the mode wants to end; a second signal does not wait for it.
    fn handle_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut moved = false;
        while let Poll::Ready(stop) = self.mode.poll_stop(cx, now) {
            moved = true;
            // The end of a terminal comes with a signal: two hang-ups are one event, not impatience.
            let hung_up = Cause::Signal(Signal::Hangup);
            let again = stop.cause == hung_up && self.cause.as_ref() == Some(&hung_up);
            let signal = matches!(stop.cause, Cause::Signal(_)) && !again;
            let late = self.end.is_some() && matches!(stop.cause, Cause::MaxTime(_));
            if late || signal && (self.cause.is_some() || self.end.is_some()) {
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
        // A limit on everything counts for the closing handshake too.
        let is_limit = matches!(stop.cause, Cause::MaxTime(_));
        let is_late = is_limit && matches!(self.cause, Some(Cause::Quit | Cause::EndOfInput));
        // Who wants another connection may want to leave before it is there.
        let is_late = is_late || self.cause == Some(Cause::Reconnect);
        // Lost output counts more than any other reason to end.
        if !begun || is_late || matches!(stop.cause, Cause::Write(_)) {
            self.cause = Some(stop.cause);
        }
        if begun && !is_limit {
            return;
        }
        match stop.how {
            CloseMode::Close { frame, patience } => {
                let impatient = matches!(self.cause, Some(Cause::Signal(_) | Cause::MaxTime(_)));
                self.give_up = patience
                    .filter(|_| impatient)
                    .map(|patience| now + patience);
                self.connection.close(frame, patience, now);
            }
            CloseMode::Abandon { reset } => {
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
                self.discarded += self.connection.sender().unwritten_data();
                self.connection.written(n, now);
                continue;
            }
            match Pin::new(&mut self.stream).poll_write(cx, output) {
                Poll::Ready(Ok(n @ 1..)) => {
                    let before = self.connection.sender().unwritten_data();
                    self.connection.written(n, now);
                    let taken = before.saturating_sub(self.connection.sender().unwritten_data());
                    let held = self.unflushed.unwrap_or(0) + taken;
                    self.unflushed = Some(held.min(MOST_HELD));
                    moved = true;
                }
                Poll::Ready(_) => self.fail_writes(),
                Poll::Pending => break,
            }
        }
        self.flush(cx);
        moved
    }

    fn flush(&mut self, cx: &mut Context<'_>) {
        if self.unflushed.is_some() && !self.broken {
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = None,
                Poll::Ready(Err(_)) => self.fail_writes(),
                Poll::Pending => {}
            }
        }
        if !self.shut_down && self.unflushed.is_none() && self.connection.wants_shutdown() {
            self.shut_down = Pin::new(&mut self.stream).poll_shutdown(cx).is_ready();
        }
    }

    /// Writing has failed: what the stream took and may still hold is lost as well.
    fn fail_writes(&mut self) {
        self.broken = true;
        self.discarded += self.unflushed.take().unwrap_or(0);
    }

    /// Reads once.
    fn read(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut buffer = ReadBuf::new(self.connection.input());
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => false,
            Poll::Ready(Ok(())) => {
                match buffer.filled().len() {
                    0 => self.connection.lost(None),
                    n => {
                        self.undelivered_input = true;
                        self.connection.received(n, now);
                    }
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
        let give_up = self.give_up.filter(|_| self.end.is_some());
        let deadlines = [
            self.connection.poll_timeout(),
            self.mode.deadline(),
            give_up,
        ];
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
        let end = self.end.clone();
        let end = end.unwrap_or_else(|| self.connection.end_now());
        let cause = self.cause.take();
        let is_meant = !matches!(cause, None | Some(Cause::Idle(_)));
        Ending {
            sent,
            received,
            first_message: self.first_message.map(|at| at - self.opened),
            round_trips: self.round_trips,
            unsent: Unsent {
                messages: 0,
                bytes: self.discarded
                    + self.unflushed.unwrap_or(0)
                    + self.connection.sender().unwritten_data(),
            },
            // Who wants to end has sent what was to be sent, and the closing handshake tells the rest.
            at_risk: if is_meant {
                0
            } else {
                sent.messages.saturating_sub(self.arrived)
            },
            ..Ending::new(end, cause, now - self.opened)
        }
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
