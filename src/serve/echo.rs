//! Every message is sent back to the client.

use std::task::{Context, Poll};
use std::time::Instant;

use super::client::Client;
use crate::event::Event;
use crate::outbox;
use crate::proto::connection;
use crate::session::{Mode, Stop, Turn};

#[derive(Debug)]
pub(super) struct Echo {
    client: Client,
}

impl Echo {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
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
