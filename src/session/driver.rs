//! The loop between a socket, the engine and a mode.
//!
//! One task owns all three. A round handles every complete frame, takes input until the output is full or input runs
//! dry, writes, flushes and reads once; when nothing moved, the task sleeps until a descriptor or the earliest
//! deadline wakes it. There is no queue, no lock and no other task in between.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::ReadBuf;
use tokio::time::Sleep;

use super::delivery::Delivery;
use super::lifecycle::Lifecycle;
use super::mode::{CloseMode, Mode, OUTPUT_FULL, Turn};
use super::transport::Transport;
use super::write_side::WriteSide;
use crate::dial::io_text;
use crate::event::{Ending, Event, Ours, RoundTrips, Unsent};
use crate::proto::connection::{self, Connection, End};
use crate::proto::sender::Control;
use crate::proto::traffic::Traffic;

/// Runs an open connection to its end; the mode gets no other.
///
/// Not an `async fn`, whose future would hold the connection twice: as its argument, and in the driver.
pub fn run<S, M>(
    stream: S,
    connection: Connection,
    opened: Instant,
    mode: &mut M,
) -> impl Future<Output = Ending>
where
    S: Transport,
    M: Mode,
{
    let mut driver = Driver::new(stream, connection, opened, mode);
    async move {
        let mut ending = driver.drive().await;
        driver.mode.complete(&mut ending);
        ending
    }
}

/// Runs an open connection to its end; another may follow.
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
    let mut driver = Driver::new(stream, connection, opened, mode);
    driver.drive().await
}

/// Rounds after which the driver yields, so that signals and other connections get their turn.
///
/// A round handles up to one read (128 KiB), so this is at most 8 MiB, some milliseconds of work.
const ROUNDS: usize = 64;

/// How long the work of a round, such as on a message of 60 MB, may last before it counts as no silence of the peer.
const LONG_ROUND: Duration = Duration::from_millis(500);

struct Driver<'m, S, M> {
    stream: S,
    connection: Connection,
    mode: &'m mut M,
    opened: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
    lifecycle: Lifecycle,
    write_side: WriteSide,
    delivery: Delivery,
    /// Input whose events were not all handed on.
    undelivered_input: bool,
    first_message: Option<Instant>,
    round_trips: RoundTrips,
    /// What an engine before this one sent and received.
    before: (Traffic, Traffic),
}

impl<'m, S: Transport, M: Mode> Driver<'m, S, M> {
    fn new(stream: S, connection: Connection, opened: Instant, mode: &'m mut M) -> Self {
        Self {
            stream,
            connection,
            mode,
            opened,
            sleep: None,
            lifecycle: Lifecycle::Running,
            write_side: WriteSide::Clean,
            delivery: Delivery::default(),
            undelivered_input: false,
            first_message: None,
            round_trips: RoundTrips::default(),
            before: (Traffic::default(), Traffic::default()),
        }
    }

    async fn drive(&mut self) -> Ending {
        // Tokio's own budget is not needed: after `ROUNDS` the driver yields by itself.
        tokio::task::unconstrained(poll_fn(|cx| self.poll(cx))).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        let mut before = None;
        for _ in 0..ROUNDS {
            // The runtime's clock, because tests pause it.
            let now = tokio::time::Instant::now().into_std();
            let round = before.replace(now).map(|before| now - before);
            if round.is_some_and(|round| round >= LONG_ROUND) {
                // Nothing was read meanwhile: the peer is not silent.
                self.connection.pause_reading(now);
                self.mode.note_activity(now);
            }
            self.handle_carried(now);
            let drained = self.handle_events(now);
            self.delivery.end_round(self.connection.sender(), now);
            let sender = self.connection.sender();
            let mut moved = self.mode.poll_input(cx, &mut Turn { sender, now });
            moved |= self.write(cx, now);
            moved |= drained && self.succeed();
            let flushed = self.mode.poll_output(cx).is_ready();
            moved |= self.handle_stop(cx, now);
            if self.lifecycle.is_over(flushed, now) {
                let ending = self.ending(now);
                if let End::Closed { .. } = ending.end {
                    self.write_side.finish(cx, &mut self.stream);
                }
                return Poll::Ready(ending);
            }
            if flushed && drained && !self.is_full() {
                moved |= self.read(cx, now);
            } else {
                // Received bytes wait for our own output: the peer is not silent.
                self.connection.pause_reading(now);
                self.mode.note_activity(now);
                moved |= flushed && !drained && !self.is_full();
            }
            if self.mode.take_break() {
                break;
            }
            if !moved && self.sleep(cx, now).is_pending() {
                return Poll::Pending;
            }
        }
        // Wakes the task once the runtime has looked at descriptors and timers. A plain wake comes before that, and
        // among other tasks the runtime looks only every 61 polls.
        let mut turn = pin!(tokio::task::yield_now());
        let _ = turn.as_mut().poll(cx);
        Poll::Pending
    }

    /// Reports what happened below the session.
    fn handle_carried(&mut self, now: Instant) {
        while let Some(carried) = self.stream.take_event() {
            let sender = self.connection.sender();
            self.mode
                .event(Event::Carried(&carried), &mut Turn { sender, now });
        }
    }

    /// Continues with the engine that another carrier of the session brings along.
    fn succeed(&mut self) -> bool {
        if !self.connection.sender().output().is_empty() {
            return false;
        }
        let Some(next) = self.stream.take_successor() else {
            return false;
        };
        self.write_side.hold();
        // An end that is under way is known to the engine that began it.
        if let Lifecycle::Running = self.lifecycle {
            let (sent, received) = std::mem::replace(&mut self.connection, *next).traffic();
            self.before.0 += sent;
            self.before.1 += received;
            self.delivery = Delivery::default();
        }
        true
    }

    /// Advances the engine's clock and hands on events until none are left or the output is full.
    ///
    /// Returns whether none are left.
    fn handle_events(&mut self, now: Instant) -> bool {
        let wants_frames = self.stream.has_frames() && self.mode.wants_frames();
        self.connection.observe_frames(wants_frames);
        self.connection.handle_timeout(now);
        loop {
            if self.is_full() {
                if self.mode.is_full() || !self.connection.is_over() {
                    return false;
                }
                // The end does not wait for a peer that does not read: what it has still asked is not answered.
                self.connection.discard();
            }
            if self.mode.has_rest() {
                self.mode.rest(self.connection.lent());
                continue;
            }
            let mut polled = self.connection.poll_event(now);
            // Match by reference: moving the event right after it was written costs a store-forwarding stall.
            let Some((event, sender)) = &mut polled else {
                drop(polled);
                if std::mem::take(&mut self.undelivered_input)
                    && self.connection.has_partial_message()
                {
                    self.mode.note_activity(now);
                }
                return true;
            };
            match event {
                connection::Event::Message(_) => {
                    self.delivery.note_received();
                    if self.first_message.is_none() {
                        self.first_message = Some(now);
                    }
                }
                connection::Event::Pong { rtt, .. } => {
                    self.delivery.note_received();
                    if let Some(rtt) = rtt {
                        self.round_trips.add(*rtt);
                    }
                }
                connection::Event::Ended(end) => self.lifecycle.end(End::clone(end)),
                _ => {}
            }
            let mut turn = Turn { sender, now };
            // Without frames a Close is only the carrier's word for the end.
            let is_close = matches!(
                event,
                connection::Event::Close(_) | connection::Event::Sent(Control::Close(_))
            );
            if !is_close || self.stream.has_frames() {
                self.mode.event(Event::Connection(event), &mut turn);
            }
        }
    }

    fn is_full(&mut self) -> bool {
        let answers = self.mode.answers() && !self.write_side.is_broken();
        self.mode.is_full() || answers && self.connection.sender().output().len() >= OUTPUT_FULL
    }

    /// Starts the closing handshake when the mode wants to end; a second signal ends the wait for it.
    fn handle_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut moved = false;
        while let Poll::Ready(stop) = self.mode.poll_stop(cx, now) {
            moved = true;
            match self.lifecycle.stop(stop, now) {
                Some(CloseMode::Close { frame, patience }) => {
                    let sender = self.connection.sender();
                    self.mode.farewell(&mut Turn { sender, now });
                    self.connection.close(frame, patience, now);
                }
                Some(CloseMode::Abandon { reset }) => {
                    if reset {
                        self.stream.reset_on_drop();
                    }
                    self.connection.abandon(reset);
                }
                None => {}
            }
        }
        moved
    }

    fn write(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let was_broken = self.write_side.is_broken();
        let moved = self
            .write_side
            .write(cx, &mut self.stream, &mut self.connection, now);
        if self.write_side.is_broken() && !was_broken {
            self.mode.write_failed();
        }
        moved
    }

    fn read(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut buffer = ReadBuf::new(self.connection.input());
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => self.stream.has_event(),
            Poll::Ready(Ok(())) => {
                match buffer.filled().len() {
                    0 => {
                        // An orderly end shows that the connection worked until now.
                        self.delivery.note_received();
                        self.connection.lost(None);
                    }
                    n => {
                        self.undelivered_input = true;
                        self.connection.received(n, now);
                    }
                }
                true
            }
            Poll::Ready(Err(error)) => {
                self.connection.lost(Some(io_text(&error)));
                true
            }
        }
    }

    fn sleep(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<()> {
        let deadlines = [
            self.connection.poll_timeout(),
            self.mode.deadline(),
            self.lifecycle.deadline(),
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
        // If the deadline moved later, keep the old timer: it fires early, and we sleep again. That is
        // cheaper than a reset for every message.
        if sleep.is_elapsed() || deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }

    fn ending(&mut self, now: Instant) -> Ending {
        let (mut sent, mut received) = self.connection.traffic();
        let own = sent.messages;
        sent += self.before.0;
        received += self.before.1;
        let (end, cause) = std::mem::take(&mut self.lifecycle).into_end();
        let mut end = end.unwrap_or_else(|| self.connection.end_now());
        let is_polled = !self.stream.has_frames();
        if is_polled && let End::Closed { sent, received, .. } = &mut end {
            (*sent, *received) = (None, None);
        }
        let unwritten = self.connection.sender().unwritten_data();
        let is_stuck = !self.connection.sender().output().is_empty();
        Ending {
            quiet: self.connection.quiet(),
            is_cut: self.connection.is_cut(),
            stuck: is_stuck.then(|| self.connection.stuck(now)),
            sent,
            received,
            first_message: self.first_message.map(|at| at - self.opened),
            round_trips: self.round_trips,
            unsent: Unsent {
                messages: 0,
                bytes: self.write_side.lost() + unwritten,
            },
            at_risk: self.delivery.at_risk(own, cause.as_ref(), &end),
            ours: Ours {
                is_polled,
                ..Ours::default()
            },
            ..Ending::new(end, cause, now - self.opened)
        }
    }
}
