//! Messages that a protocol on top explains.

use std::rc::Rc;
use std::time::Instant;

use super::Log;
use crate::event::{Direction, Event};
use crate::observe::{What, objects};
use crate::ontop::Seen;
use crate::proto::connection::{self, Message};
use crate::proto::message::Kind;
use crate::render::OnTop;

impl Log {
    /// A message of WebSocket, and what its protocol makes of it.
    pub fn on_top(
        &mut self,
        direction: Direction,
        message: &Message<'_>,
        seen: &[Rc<Seen>],
        now: Instant,
    ) {
        if let (Direction::Sent, Some(faults)) = (direction, &self.faults)
            && !faults.announce(message, now)
        {
            return;
        }
        if let Some(recording) = &self.recording {
            recording.borrow_mut().message(direction, message, now);
        }
        if let Some(events) = &mut self.events {
            let object = objects(seen);
            events.message(direction, message, object.as_deref(), now);
        }
        if let Some((board, mut shown)) = self.shown() {
            return board.on_top(&mut shown, direction, message, seen, now);
        }
        let mut text = String::new();
        if let Some(view) = &mut self.view {
            let shown: Vec<_> = seen.iter().filter(|it| !it.is_keepalive).collect();
            let has_line = view.show.raw || !shown.is_empty();
            let what = has_line.then(|| What::message(direction, message));
            if self.floods.hide(what, &view.show, now) {
                return;
            }
            if view.show.raw {
                view.raw(&mut text, direction, message, now);
            }
            for seen in shown {
                view.on_top(&mut text, &explained(direction, seen), now);
            }
        }
        self.print_soon(&text);
    }

    /// A message that did not come as one of WebSocket.
    pub fn message(&mut self, direction: Direction, kind: Kind, payload: &[u8], now: Instant) {
        let message = Message::whole(kind, payload, None);
        match direction {
            Direction::Sent => self.sent(&message, now),
            Direction::Received => {
                let event = connection::Event::Message(message);
                self.event(&Event::Connection(&event), now);
            }
        }
        // No round of a session follows.
        self.pending.write();
    }

    /// A message for the memory of a prompt, which is shown in other words.
    pub fn keep(&mut self, direction: Direction, kind: Kind, payload: &[u8], now: Instant) {
        if let Some((board, shown)) = self.shown() {
            board.keep(&shown, direction, &Message::whole(kind, payload, None), now);
        }
    }

    /// A message as its protocol understands it.
    pub fn understood(&mut self, direction: Direction, seen: &Seen, now: Instant) {
        let mut text = String::new();
        if let Some(view) = &mut self.view {
            view.on_top(&mut text, &explained(direction, seen), now);
        }
        self.print(&text);
    }
}

fn explained(direction: Direction, seen: &Seen) -> OnTop<'_> {
    OnTop {
        direction,
        label: &seen.label,
        payload: &seen.payload,
        note: &seen.note,
    }
}
