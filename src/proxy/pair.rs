//! Both directions of a connection, and how it ends.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::Signals;
use super::desk::{Order, Seat};
use super::journal::Journal;
use super::touch::Decision;
use super::way::{Failure, Streams, Way};
use crate::acceptor::wait;
use crate::command::Outgoing;
use crate::dial::http2::{How, StreamEnd};
use crate::event::Side;
use crate::fault::Faults;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::http2::frame::ErrorCode;
use crate::proto::message::Kind;
use crate::session::Transport;
use crate::session::mode::CloseMode;

/// The two ends.
pub(super) struct Ends<'a> {
    pub(super) client: &'a mut dyn Transport,
    pub(super) server: &'a mut dyn Transport,
}

#[derive(Debug)]
pub(super) struct Pair {
    /// From the client, and from the server.
    pub(super) client: Way,
    pub(super) server: Way,
    /// The faults of what the client gets, and of what the server gets.
    pub(super) faults: [Option<Faults>; 2],
    /// At a prompt.
    pub(super) seat: Option<Seat>,
}

/// How long both ends may take for what follows an end that the proxy has begun.
const CLOSING: Duration = Duration::from_secs(2);
/// How long an end has to read what came before a reset, which discards what its program has not read.
const BEFORE_RESET: Duration = Duration::from_millis(100);
/// How much is read at a time, in bytes: the cost of a system call is spread over many messages, and the
/// buffer, which all connections share, still fits a core's L2 cache.
const SCRATCH_SIZE: usize = 128 << 10;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_SIZE].into_boxed_slice());
}

impl Pair {
    /// Passes everything on until both directions are over, one end fails, or the run ends.
    pub(super) async fn run(
        &mut self,
        mut ends: Ends<'_>,
        journal: &mut Journal,
        signals: Signals,
    ) {
        let mut ended = wait(signals);
        let stop = tokio::select! {
            passed = poll_fn(|cx| self.poll(&mut ends, journal, cx)) => match passed {
                Passed::Over => None,
                Passed::Failed(failure) => {
                    self.fail(failure, &mut ends, journal).await;
                    None
                }
                Passed::Stop(how, by) => {
                    journal.struck(&how, by);
                    Some(how)
                }
            },
            cause = &mut ended => {
                journal.stopped(cause);
                // RFC 6455 §7.4.1: 1001, such as a server going down.
                let frame = Some(CloseFrame::new(CloseCode::GOING_AWAY, ""));
                Some(CloseMode::Close { frame, patience: None })
            }
        };
        if let Some(how) = stop {
            self.stop(how, &mut ends, journal).await;
        }
        journal.server_steps(ends.server);
    }

    fn poll(
        &mut self,
        ends: &mut Ends<'_>,
        journal: &mut Journal,
        cx: &mut Context<'_>,
    ) -> Poll<Passed> {
        if let Some(how) = self.poll_orders(journal, cx) {
            return Poll::Ready(Passed::Stop(how, "/kill"));
        }
        let moved = SCRATCH.with_borrow_mut(|scratch| self.poll_both(ends, scratch, journal, cx));
        journal.server_steps(ends.server);
        journal.flush();
        // A fault that names no end strikes what the client gets.
        let whose = ["", ", from the client"];
        let faults = self.faults.iter().zip(whose);
        for (faults, whose) in faults.filter_map(|(faults, whose)| Some((faults.as_ref()?, whose)))
        {
            for note in faults.take_notes() {
                // The end that is not read is the other one.
                let whose = if note == "no-read" { "" } else { whose };
                journal.fault(&format!("{note}{whose}"));
            }
            if let Some(how) = faults.take_stop() {
                return Poll::Ready(Passed::Stop(how, "a fault"));
            }
        }
        for way in [&mut self.client, &mut self.server] {
            if let Some(how) = way.take_end() {
                return Poll::Ready(Passed::Stop(how, "a rule"));
            }
        }
        match moved {
            Err(failure) => Poll::Ready(Passed::Failed(failure)),
            Ok(()) if self.client.is_over() && self.server.is_over() => Poll::Ready(Passed::Over),
            Ok(()) => Poll::Pending,
        }
    }

    /// Does what the user wants; returns how the connection is to end.
    fn poll_orders(&mut self, journal: &mut Journal, cx: &mut Context<'_>) -> Option<CloseMode> {
        while let Some(order) = self.seat.as_ref()?.poll_order(cx) {
            let now = journal.now();
            match order {
                Order::Pass(number) => self.decide(number, &Decision::Pass, now),
                Order::Discard(number) => self.decide(number, &Decision::Discard, now),
                Order::Change(number, payload) => {
                    self.decide(number, &Decision::Change(payload), now);
                }
                Order::Inject(side, what) => {
                    if self.way(side).inject(&what) {
                        journal.injected(side, &what, now);
                    } else {
                        journal.note_late(side);
                    }
                }
                Order::Repeat(side, number, kind, payload) => {
                    let what = match (kind, String::from_utf8(payload)) {
                        (Kind::Text, Ok(text)) => Outgoing::Text(text),
                        (_, Ok(text)) => Outgoing::Binary(text.into_bytes()),
                        (_, Err(error)) => Outgoing::Binary(error.into_bytes()),
                    };
                    if self.way(side).inject(&what) {
                        journal.repeated(side, number, &what, now);
                    } else {
                        journal.note_late(side);
                    }
                }
                Order::Kill(Some(code)) => {
                    let frame = Some(CloseFrame::new(CloseCode(code), ""));
                    let patience = None;
                    return Some(CloseMode::Close { frame, patience });
                }
                Order::Kill(None) => return Some(CloseMode::Abandon { reset: true }),
            }
        }
        None
    }

    fn way(&mut self, side: Side) -> &mut Way {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn decide(&mut self, number: u64, decision: &Decision, now: Instant) {
        for way in [&mut self.client, &mut self.server] {
            if way.decide(number, decision.clone(), now) {
                return;
            }
        }
    }

    fn poll_both(
        &mut self,
        ends: &mut Ends<'_>,
        scratch: &mut [u8],
        journal: &mut Journal,
        cx: &mut Context<'_>,
    ) -> Result<(), Failure> {
        let mut streams = Streams {
            from: &mut *ends.client,
            to: &mut *ends.server,
            scratch,
        };
        let failed = self.client.poll(&mut streams, journal, cx);
        let failed = match failed {
            // What the server said last is read first.
            Poll::Ready(Err(failure)) if is_broken_pipe(&failure.error) => Some(failure),
            Poll::Ready(Err(failure)) => return Err(failure),
            _ => None,
        };
        let mut streams = Streams {
            from: &mut *ends.server,
            to: &mut *ends.client,
            scratch,
        };
        match self.server.poll(&mut streams, journal, cx) {
            Poll::Ready(Err(failure)) => Err(failure),
            _ => failed.map_or(Ok(()), Err),
        }
    }
    /// One end has failed: the other one gets what came before, and then the same.
    async fn fail(&mut self, failure: Failure, ends: &mut Ends<'_>, journal: &mut Journal) {
        let Failure { side, mut error } = failure;
        let (gone, other) = match side {
            Side::Client => (&mut *ends.client, &mut *ends.server),
            Side::Server => (&mut *ends.server, &mut *ends.client),
        };
        if is_broken_pipe(&error)
            && let Some(reason) = gone.failure()
        {
            error = reason;
        }
        let partial = self.way(side).partial();
        match StreamEnd::of(&error) {
            Some(_) => journal.stream_ended(side, &error, partial),
            None => journal.failed(side, &error, partial),
        }
        journal.thrown_away(side.other(), &self.way(side.other()).held());
        let notes = self.way(side).let_out(journal.now());
        journal.notes(side, notes);
        gone.reset_on_drop();
        let end = Onward::of(&error);
        let _ = tokio::time::timeout(CLOSING, self.rest(side, other, end)).await;
    }

    /// Gives the other end what came before the failure, and the end.
    async fn rest(&mut self, failed: Side, other: &mut dyn Transport, end: Onward) {
        let way = self.way(failed);
        let _ = poll_fn(|cx| way.poll_out(other, cx)).await;
        match end {
            Onward::Reset(code) => {
                tokio::time::sleep(BEFORE_RESET).await;
                other.reset_with(code);
            }
            Onward::Fin => {
                let _ = poll_fn(|cx| Pin::new(&mut *other).poll_shutdown(cx)).await;
            }
        }
    }

    /// Ends both directions, because the run ends or a fault wants it.
    async fn stop(&mut self, how: CloseMode, ends: &mut Ends<'_>, journal: &mut Journal) {
        journal.thrown_away(Side::Client, &self.client.held());
        journal.thrown_away(Side::Server, &self.server.held());
        match how {
            CloseMode::Abandon { reset } => {
                if reset {
                    ends.client.reset_on_drop();
                    ends.server.reset_on_drop();
                }
            }
            CloseMode::Close { frame, .. } => {
                let frame = frame.unwrap_or(CloseFrame::new(CloseCode::GOING_AWAY, ""));
                self.client.close(&frame);
                self.server.close(&frame);
                let over = poll_fn(|cx| self.poll(ends, journal, cx));
                let _ = tokio::time::timeout(CLOSING, over).await;
            }
        }
    }
}

/// How the other end learns that one has failed.
enum Onward {
    Fin,
    Reset(ErrorCode),
}

impl Onward {
    /// As close to `error` as what the other end speaks comes (RFC 8441 §5).
    fn of(error: &io::Error) -> Self {
        let end = match StreamEnd::of(error) {
            Some(How::Code(code)) if code != ErrorCode::NO_ERROR => return Self::Reset(code),
            Some(How::Code(_) | How::Ended) => return Self::Fin,
            Some(How::Lost(kind)) => kind,
            None => error.kind(),
        };
        match end {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Self::Reset(ErrorCode::CANCEL)
            }
            _ => Self::Fin,
        }
    }
}

/// Whether it says no more than that nothing can be written.
fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

enum Passed {
    Over,
    Failed(Failure),
    /// Because of a fault, a rule or the user.
    Stop(CloseMode, &'static str),
}
