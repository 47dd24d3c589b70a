//! The client receives what the server of a recording sent.

use std::task::{Context, Poll};
use std::time::Instant;

use super::client::Client;
use crate::acceptor::Log;
use crate::event::{Cause, Event};
use crate::outbox::{Outbox, SendObserver};
use crate::proto::connection::Message;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::record::Play;
use crate::session::mode::CloseMode;
use crate::session::{Mode, Stop, Turn};

/// Plays a recorded server; messages from the client are shown and have no effect.
#[derive(Debug)]
pub(super) struct Replay {
    client: Client,
    outbox: Outbox,
    stop: Option<Stop>,
}

impl Replay {
    pub(super) fn new(client: Client, play: Play) -> Self {
        Self {
            client,
            outbox: Outbox::new(Vec::new(), Vec::new(), Some(play)),
            stop: None,
        }
    }
}

struct Observer<'r> {
    log: &'r mut Log,
    stop: &'r mut Option<Stop>,
}

impl SendObserver for Observer<'_> {
    fn sent(&mut self, message: &Message<'_>, now: Instant) {
        self.log.sent(message, now);
    }

    fn end(&mut self, how: CloseMode) {
        let cause = Cause::EndOfInput;
        *self.stop = Some(Stop { cause, how });
    }
}

impl Mode for Replay {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        self.client.event(&event, turn.now);
    }

    fn poll_input(&mut self, _: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        self.client.observe_output(turn);
        if self.stop.is_some() {
            return false;
        }
        let mut observer = Observer {
            log: &mut self.client.log,
            stop: &mut self.stop,
        };
        self.outbox
            .fill(turn, &mut observer)
            .unwrap_or_else(|error| {
                let close = CloseFrame::new(CloseCode::INTERNAL, "");
                let cause = Cause::input(&error);
                self.stop = Some(Stop::new(cause, Some(close)));
                true
            })
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.client.poll_output(cx)
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        match self.stop.take() {
            Some(stop) => Poll::Ready(stop),
            None => self.client.poll_stop(cx, now),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.outbox.deadline(), self.client.deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn wants_frames(&self) -> bool {
        self.client.log.wants_frames()
    }
}
