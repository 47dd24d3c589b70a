//! Every message comes back to the client.

use std::task::{Context, Poll};
use std::time::Instant;

use super::client::Client;
use crate::event::Event;
use crate::proto::connection::{self, Message};
use crate::proto::sender::Sender;
use crate::session::{Mode, Stop};

/// Answers every message with itself.
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
    fn event(&mut self, event: Event<'_>, sender: &mut Sender, now: Instant) {
        self.client.event(&event, now);
        if let Event::Connection(connection::Event::Message(message)) = event
            && let Ok(deflated) =
                sender.piece(message.kind, message.payload, message.start, message.end)
        {
            self.client.log.sent(
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
        self.client.poll_stop(cx)
    }

    fn answers(&self) -> bool {
        true
    }

    fn wants_frames(&self) -> bool {
        self.client.log.wants_frames()
    }
}
