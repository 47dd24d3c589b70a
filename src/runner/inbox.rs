//! What came on a connection and no step has taken yet.

use std::collections::VecDeque;
use std::time::Instant;

use crate::event::Ending;
use crate::proto::connection::Event;
use crate::proto::frame::CloseFrame;
use crate::proto::message::Kind;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When it came.
    pub at: Instant,
    /// What it is made of.
    pub kind: Kind,
    /// Its bytes; UTF-8 when it is text.
    pub payload: Vec<u8>,
}

/// A ping or a pong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Whether it is a pong.
    pub pong: bool,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// What came and was not taken.
#[derive(Debug, Default)]
pub struct Inbox {
    /// Messages, oldest first.
    pub messages: VecDeque<Message>,
    /// Pings and pongs, oldest first.
    pub controls: VecDeque<Control>,
    /// The peer's Close frame, and whether ours went out before.
    pub close: Option<(Option<CloseFrame>, bool)>,
    /// How the session ended.
    pub ending: Option<Ending>,
    /// Whether more came than is kept.
    pub is_overflowing: bool,
    /// How many messages came in all.
    pub received: u64,
    bytes: usize,
    closing: bool,
}

/// What is kept at most, in bytes and in items: nothing may grow without bound.
const KEPT_BYTES: usize = 64 << 20;
const KEPT_ITEMS: usize = 100_000;
/// What a message takes beside its payload.
const OVERHEAD: usize = 64;

impl Inbox {
    /// Takes what an event tells.
    pub fn event(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::Message(message) => {
                self.received += 1;
                if self.has_room(message.payload.len()) {
                    self.messages.push_back(Message {
                        at: now,
                        kind: message.kind,
                        payload: message.payload.to_vec(),
                    });
                }
            }
            Event::Ping { payload, .. } => self.control(false, payload),
            Event::Pong { payload, .. } => self.control(true, payload),
            Event::Close(frame) => self.close = Some((frame.clone(), self.closing)),
            Event::Sent(crate::proto::sender::Control::Close(_)) => self.closing = true,
            _ => {}
        }
    }

    /// Takes the oldest message out.
    pub fn take(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.payload.len() + OVERHEAD;
        Some(message)
    }

    /// Takes the oldest ping or pong out.
    pub fn take_control(&mut self) -> Option<Control> {
        let control = self.controls.pop_front()?;
        self.bytes -= control.payload.len() + OVERHEAD;
        Some(control)
    }

    /// Forgets pings and pongs that came before now.
    pub fn forget_controls(&mut self) {
        while self.take_control().is_some() {}
    }

    fn control(&mut self, pong: bool, payload: &[u8]) {
        if self.has_room(payload.len()) {
            let payload = payload.to_vec();
            self.controls.push_back(Control { pong, payload });
        }
    }

    fn has_room(&mut self, len: usize) -> bool {
        let items = self.messages.len() + self.controls.len();
        let has_room = self.bytes + len <= KEPT_BYTES && items < KEPT_ITEMS;
        if has_room {
            self.bytes += len + OVERHEAD;
        } else {
            self.is_overflowing = true;
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::connection;

    fn message(inbox: &mut Inbox, payload: &[u8]) {
        let message = connection::Message::whole(Kind::Text, payload, None);
        inbox.event(&Event::Message(message), Instant::now());
    }

    #[test]
    fn a_flood_does_not_grow_it() {
        let mut inbox = Inbox::default();
        let block = vec![b'x'; 1 << 20];
        for _ in 0..100 {
            message(&mut inbox, &block);
        }
        assert!(inbox.is_overflowing);
        assert!(inbox.messages.len() <= 64);
        assert_eq!(inbox.received, 100);
        let mut inbox = Inbox::default();
        for _ in 0..=KEPT_ITEMS {
            message(&mut inbox, b"");
        }
        assert!(inbox.is_overflowing);
        assert_eq!(inbox.messages.len(), KEPT_ITEMS);
    }

    #[test]
    fn what_is_taken_makes_room() {
        let mut inbox = Inbox::default();
        let block = vec![b'x'; 1 << 20];
        for _ in 0..200 {
            message(&mut inbox, &block);
            assert!(inbox.take().is_some());
        }
        assert!(!inbox.is_overflowing);
    }
}
