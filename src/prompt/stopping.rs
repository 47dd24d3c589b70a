//! Why, when and how this side ends the connection.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::Options;
use crate::console::late_interrupt::LateInterrupt;
use crate::event::{Cause, Signal};
use crate::proto::frame::CloseFrame;
use crate::session::mode::CloseMode;
use crate::session::{Signals, Stop};

/// A pending end of the connection, and the signals and limits that cause one.
#[derive(Debug)]
pub(super) struct Stopping {
    /// Those of the process are for the first connection.
    signals: Option<Signals>,
    close: Option<CloseFrame>,
    close_timeout: Duration,
    max_time: Option<(Duration, Instant)>,
    stop: Option<Stop>,
    /// Another connection was asked for; nothing has been done for it yet.
    reconnect_requested: bool,
    interrupts: LateInterrupt,
    /// The next Ctrl-C closes the connection.
    pub(super) is_warned: bool,
    /// The session is closing, and printing must not delay that.
    is_closing: bool,
}

impl Stopping {
    pub(super) fn new(signals: Option<Signals>, options: &Options) -> Self {
        Self {
            signals,
            close: options.close.clone(),
            close_timeout: options.close_timeout,
            max_time: options.max_time,
            stop: None,
            reconnect_requested: false,
            interrupts: LateInterrupt::default(),
            is_warned: false,
            is_closing: false,
        }
    }

    pub(super) fn quit(&mut self, cause: Cause) {
        let (frame, patience) = (self.close.clone(), None);
        self.end(cause, CloseMode::Close { frame, patience });
    }

    /// Ends the connection; a server that keeps sending gets no more time, as somebody is waiting.
    pub(super) fn end(&mut self, cause: Cause, how: CloseMode) {
        let how = how.within(self.close_timeout);
        self.stop = Some(Stop { cause, how });
    }

    /// Ends the connection with a closing handshake of a second at most.
    pub(super) fn promptly(&mut self, cause: Cause) {
        self.stop = Some(Stop::promptly(cause, self.close.clone()));
    }

    pub(super) fn signal(&mut self, signal: Signal) {
        self.stop = Some(Stop::signal(signal, self.close.clone()));
    }

    /// Asks for another connection: closes this one, or ends the wait for the next.
    pub(super) fn reconnect(&mut self, is_open: bool) {
        self.reconnect_requested = true;
        if is_open {
            self.promptly(Cause::Reconnect);
        }
    }

    pub(super) fn is_reconnect_requested(&self) -> bool {
        self.reconnect_requested
    }

    pub(super) fn take_reconnect(&mut self) -> bool {
        std::mem::take(&mut self.reconnect_requested)
    }

    pub(super) fn disconnected(&mut self) {
        (self.is_closing, self.reconnect_requested) = (false, false);
    }

    pub(super) fn editor_ended(&mut self, now: Instant) {
        self.interrupts.returned(now);
    }

    pub(super) fn is_pending(&self) -> bool {
        self.stop.is_some()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Ready with a pending end; a SIGINT is ignored while an editor has the terminal (`is_lent`).
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, is_lent: bool, now: Instant) -> Poll<Stop> {
        let next = self.next(cx, is_lent, now);
        self.is_closing |= next.is_ready();
        next
    }

    fn next(&mut self, cx: &mut Context<'_>, is_lent: bool, now: Instant) -> Poll<Stop> {
        while let Some(signals) = &mut self.signals
            && let Poll::Ready(signal) = signals.poll(cx)
        {
            if signal != Signal::Interrupt || !self.interrupts.is_for_borrower(is_lent, now) {
                return Poll::Ready(Stop::signal(signal, self.close.clone()));
            }
        }
        if let Some(stop) = self.stop.take() {
            return Poll::Ready(stop);
        }
        match self.max_time.take_if(|(_, deadline)| *deadline <= now) {
            Some((limit, _)) => {
                let cause = Cause::MaxTime(limit);
                Poll::Ready(Stop::promptly(cause, self.close.clone()))
            }
            None => Poll::Pending,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.max_time.map(|(_, deadline)| deadline)
    }
}
