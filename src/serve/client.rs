//! What every client has in common: its log, and when the server ends its connection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::Log;
use crate::event::{Cause, Event, Signal};
use crate::proto::connection;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::session::Stop;

/// Completes with the signal that ends the server.
pub(super) type Ended = Pin<Box<dyn Future<Output = Signal> + Send>>;

pub(super) struct Client {
    pub(super) log: Log,
    ended: Option<Ended>,
    idle: Option<Duration>,
}

impl Client {
    pub(super) fn new(log: Log, ended: Ended) -> Self {
        Self {
            log,
            ended: Some(ended),
            idle: None,
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>, now: Instant) {
        self.log.event(event, now);
        if let Event::Connection(connection::Event::Idle(limit)) = event {
            self.idle = Some(*limit);
        }
    }

    /// Ready when the client was silent for too long or the server ends.
    pub(super) fn poll_stop(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        if let Some(limit) = self.idle.take() {
            let close = CloseFrame::new(CloseCode::NORMAL, "idle");
            return Poll::Ready(Stop::promptly(Cause::Idle(limit), Some(close)));
        }
        let Some(ended) = &mut self.ended else {
            return Poll::Pending;
        };
        let signal = ready!(ended.as_mut().poll(cx));
        self.ended = None;
        // RFC 6455 §7.4.1: 1001, such as a server going down.
        let close = CloseFrame::new(CloseCode::GOING_AWAY, "");
        Poll::Ready(Stop::promptly(Cause::Signal(signal), Some(close)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
