//! A client of the server: every message comes back to it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::Log;
use crate::event::{Cause, Event, Signal};
use crate::proto::connection::{self, Message};
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::sender::Sender;
use crate::session::{Mode, Stop};

/// Completes with the signal that ends the server.
pub(super) type Ended = Pin<Box<dyn Future<Output = Signal> + Send>>;

/// Answers every message with itself, and shows what happens.
pub(super) struct Echo {
    log: Log,
    ended: Option<Ended>,
    idle: Option<Duration>,
}

impl Echo {
    pub(super) fn new(log: Log, ended: Ended) -> Self {
        Self {
            log,
            ended: Some(ended),
            idle: None,
        }
    }
}

impl Mode for Echo {
    fn event(&mut self, event: Event<'_>, sender: &mut Sender, now: Instant) {
        self.log.event(&event, now);
        if let Event::Connection(connection::Event::Idle(limit)) = event {
            self.idle = Some(*limit);
        }
        if let Event::Connection(connection::Event::Message(message)) = event
            && let Ok(deflated) =
                sender.piece(message.kind, message.payload, message.start, message.end)
        {
            self.log.sent(
                &Message {
                    deflated,
                    ..*message
                },
                now,
            );
        }
    }

    fn poll_input(&mut self, _: &mut Context<'_>, _: &mut Sender, _: Instant) -> bool {
        false
    }

    fn poll_output(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, _: Instant) -> Poll<Stop> {
        if let Some(limit) = self.idle.take() {
            let close = CloseFrame::new(CloseCode::NORMAL, "idle");
            return Poll::Ready(Stop::in_a_hurry(Cause::Idle(limit), Some(close)));
        }
        let Some(ended) = &mut self.ended else {
            return Poll::Pending;
        };
        let signal = ready!(ended.as_mut().poll(cx));
        self.ended = None;
        // RFC 6455 §7.4.1: 1001, such as a server going down.
        let close = CloseFrame::new(CloseCode::GOING_AWAY, "");
        Poll::Ready(Stop::in_a_hurry(Cause::Signal(signal), Some(close)))
    }

    fn answers(&self) -> bool {
        true
    }

    fn wants_frames(&self) -> bool {
        self.log.wants_frames()
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Echo")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
