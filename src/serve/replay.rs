//! The client gets what the server of a recording sent.

use std::task::{Context, Poll};
use std::time::Instant;

use super::client::Client;
use crate::event::{Cause, Event};
use crate::proto::connection::Message;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::proto::sender::Sender;
use crate::record::{Play, Player, RecordedKind};
use crate::session::mode::OUTPUT_FULL;
use crate::session::{Mode, Stop};

/// Plays the part of a recorded server; what the client sends is shown, and changes nothing.
#[derive(Debug)]
pub(super) struct Replay {
    client: Client,
    /// `None` when all of it was played.
    player: Option<Player>,
    stop: Option<Stop>,
}

impl Replay {
    pub(super) fn new(client: Client, play: Play) -> Self {
        Self {
            client,
            player: Some(Player::new(play)),
            stop: None,
        }
    }

    fn send(&mut self, what: RecordedKind, sender: &mut Sender, now: Instant) {
        match what {
            RecordedKind::Message(kind, payload) => self.message(kind, &payload, sender, now),
            // On a connection that closes nothing is sent any more.
            RecordedKind::Ping(payload) => drop(sender.ping(&payload, now)),
            RecordedKind::Pong => {}
            RecordedKind::Close(frame) => self.stop = Some(Stop::new(Cause::EndOfInput, frame)),
        }
    }

    fn message(&mut self, kind: Kind, payload: &[u8], sender: &mut Sender, now: Instant) {
        if let Ok(deflated) = sender.message(kind, payload) {
            let message = Message::whole(kind, payload, deflated);
            self.client.log.sent(&message, now);
        }
    }
}

impl Mode for Replay {
    fn event(&mut self, event: Event<'_>, _: &mut Sender, now: Instant) {
        self.client.event(&event, now);
    }

    fn poll_input(&mut self, _: &mut Context<'_>, sender: &mut Sender, now: Instant) -> bool {
        let Some(mut player) = self.player.take().filter(|_| !sender.is_closing()) else {
            return false;
        };
        let mut moved = false;
        while self.stop.is_none() && sender.output().len() < OUTPUT_FULL {
            match player.next(now) {
                None => break,
                Some(Ok(what)) => self.send(what, sender, now),
                Some(Err(error)) => {
                    let close = CloseFrame::new(CloseCode::INTERNAL, "");
                    let cause = Cause::Input(error.to_string());
                    self.stop = Some(Stop::new(cause, Some(close)));
                }
            }
            moved = true;
        }
        player.hold(sender.output().len() >= OUTPUT_FULL);
        self.player = Some(player).filter(|player| !player.is_over());
        moved
    }

    fn poll_output(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, _: Instant) -> Poll<Stop> {
        match self.stop.take() {
            Some(stop) => Poll::Ready(stop),
            None => self.client.poll_stop(cx),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.player.as_ref().and_then(Player::deadline)
    }

    fn wants_frames(&self) -> bool {
        self.client.log.wants_frames()
    }
}
