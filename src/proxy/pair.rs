//! Both directions of a connection, and how it ends.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Signals;
use super::journal::Journal;
use super::way::{Failure, Streams, Way};
use crate::acceptor::wait;
use crate::event::Side;
use crate::fault::Faults;
use crate::proto::frame::{CloseCode, CloseFrame};
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
                Passed::Over => return,
                Passed::Failed(failure) => return self.fail(failure, ends, journal).await,
                Passed::Stop(how, by) => {
                    journal.struck(by);
                    how
                }
            },
            cause = &mut ended => {
                journal.stopped(cause);
                // RFC 6455 §7.4.1: 1001, such as a server going down.
                let frame = Some(CloseFrame::new(CloseCode::GOING_AWAY, ""));
                CloseMode::Close { frame, patience: None }
            }
        };
        self.stop(stop, ends, journal).await;
    }

    fn poll(
        &mut self,
        ends: &mut Ends<'_>,
        journal: &mut Journal,
        cx: &mut Context<'_>,
    ) -> Poll<Passed> {
        let moved = SCRATCH.with_borrow_mut(|scratch| self.poll_both(ends, scratch, journal, cx));
        journal.flush();
        for faults in self.faults.iter().flatten() {
            for note in faults.take_notes() {
                journal.fault(&note);
            }
            if let Some(how) = faults.take_stop() {
                return Poll::Ready(Passed::Stop(how, "fault"));
            }
        }
        for way in [&mut self.client, &mut self.server] {
            if let Some(how) = way.take_end() {
                return Poll::Ready(Passed::Stop(how, "rule"));
            }
        }
        match moved {
            Err(failure) => Poll::Ready(Passed::Failed(failure)),
            Ok(()) if self.client.is_over() && self.server.is_over() => Poll::Ready(Passed::Over),
            Ok(()) => Poll::Pending,
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
        if let Poll::Ready(Err(failure)) = self.client.poll(&mut streams, journal, cx) {
            return Err(failure);
        }
        let mut streams = Streams {
            from: &mut *ends.server,
            to: &mut *ends.client,
            scratch,
        };
        match self.server.poll(&mut streams, journal, cx) {
            Poll::Ready(Err(failure)) => Err(failure),
            _ => Ok(()),
        }
    }

    /// One end has failed: the other one gets what came before, and then the same.
    async fn fail(&mut self, failure: Failure, ends: Ends<'_>, journal: &mut Journal) {
        let way = match failure.side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        journal.failed(failure.side, &failure.error, way.partial());
        let (gone, other) = match failure.side {
            Side::Client => (ends.client, ends.server),
            Side::Server => (ends.server, ends.client),
        };
        gone.reset_on_drop();
        let is_reset = matches!(
            failure.error.kind(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
        );
        let _ = tokio::time::timeout(CLOSING, self.rest(failure.side, other, is_reset)).await;
    }

    /// Gives the other end what came before the failure, and the end.
    async fn rest(&mut self, failed: Side, other: &mut dyn Transport, is_reset: bool) {
        let way = match failed {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        let _ = poll_fn(|cx| way.poll_out(other, cx)).await;
        if is_reset {
            tokio::time::sleep(BEFORE_RESET).await;
            other.reset_on_drop();
        } else {
            let _ = poll_fn(|cx| Pin::new(&mut *other).poll_shutdown(cx)).await;
        }
    }

    /// Ends both directions, because the run ends or a fault wants it.
    async fn stop(&mut self, how: CloseMode, mut ends: Ends<'_>, journal: &mut Journal) {
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
                let over = poll_fn(|cx| self.poll(&mut ends, journal, cx));
                let _ = tokio::time::timeout(CLOSING, over).await;
            }
        }
    }
}

enum Passed {
    Over,
    Failed(Failure),
    /// Because of a fault or a rule.
    Stop(CloseMode, &'static str),
}
