//! The client receives what the server of a recording sent.

use std::task::{Context, Poll};
use std::time::Instant;

use super::client::{Client, Logged};
use super::hub::Seat;
use super::program::Answer;
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
    seat: Seat,
    outbox: Outbox,
    /// What is sent besides.
    asides: Outbox,
    stop: Option<Stop>,
}

impl Replay {
    pub(super) fn new(client: Client, seat: Seat, play: Play) -> Self {
        Self {
            client,
            seat,
            asides: Outbox::default(),
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

impl Logged for Replay {
    fn log(&self) -> &Log {
        &self.client.log
    }
}

impl Mode for Replay {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        self.client.event(&event, turn.now);
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        self.client.observe_output(turn);
        if self.stop.is_some() {
            return false;
        }
        if self.seat.is_full() {
            self.stop = Some(Client::too_slow());
            return false;
        }
        let mut moved = false;
        while turn.has_room()
            && let Some(post) = self.seat.poll(cx)
        {
            moved = true;
            let mut answer = Answer::new(&mut self.client.log, &mut self.stop);
            // It fails only on a connection that is closing.
            let _ = answer.deliver(&post, &mut self.asides, turn);
        }
        if self.stop.is_some() {
            return moved;
        }
        let mut observer = Observer {
            log: &mut self.client.log,
            stop: &mut self.stop,
        };
        let filled = self.outbox.fill(turn, &mut observer);
        moved
            | filled.unwrap_or_else(|error| {
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
