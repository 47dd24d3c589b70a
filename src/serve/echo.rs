//! Every message is sent back to the client.

use std::task::{Context, Poll};
use std::time::Instant;

use super::client::{Client, Logged};
use super::hub::Seat;
use crate::acceptor::Log;
use crate::event::Event;
use crate::outbox;
use crate::proto::connection;
use crate::session::{Mode, Stop, Turn};

#[derive(Debug)]
pub(super) struct Echo {
    client: Client,
    /// Others see that it is there.
    _seat: Seat,
}

impl Echo {
    pub(super) fn new(client: Client, seat: Seat) -> Self {
        Self {
            client,
            _seat: seat,
        }
    }
}

impl Logged for Echo {
    fn log(&self) -> &Log {
        &self.client.log
    }
}

impl Mode for Echo {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        self.client.event(&event, turn.now);
        if let Event::Connection(connection::Event::Message(message)) = event
            && let Some(answer) = outbox::echo(message, turn)
        {
            self.client.log.sent(&answer, turn.now);
        }
    }

    fn poll_input(&mut self, _: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        self.client.observe_output(turn);
        false
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.client.poll_output(cx)
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        self.client.poll_stop(cx, now)
    }

    fn deadline(&self) -> Option<Instant> {
        self.client.deadline()
    }

    fn answers(&self) -> bool {
        true
    }

    fn wants_frames(&self) -> bool {
        self.client.log.wants_frames()
    }
}
