//! Messages and control frames that no step has consumed yet.

use std::collections::VecDeque;
use std::time::Instant;

use serde_json::Value;

use crate::event::Ending;
use crate::ontop::Reoffer;
use crate::proto::connection::{self, Event};
use crate::proto::frame::CloseFrame;
use crate::proto::message::Kind;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub at: Instant,
    pub kind: Kind,
    /// UTF-8 if it is text.
    pub payload: Vec<u8>,
    /// What a protocol on top makes of it.
    pub on_top: Vec<Value>,
    /// What captures see in the place of a payload that is no JSON, as a pipe prints it.
    pub values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    pub pong: bool,
    pub payload: Vec<u8>,
}

impl Message {
    /// The bytes that it counts for.
    fn size(&self) -> usize {
        size(self.payload.len(), &self.on_top, &self.values)
    }
}

/// The objects of a message hold its payload again.
fn size(payload: usize, on_top: &[Value], values: &[String]) -> usize {
    let values: usize = values.iter().map(String::len).sum();
    payload * (1 + on_top.len()) + values
}

#[derive(Debug, Default)]
pub struct Inbox {
    /// Oldest first.
    pub messages: VecDeque<Message>,
    /// Oldest first.
    pub controls: VecDeque<Control>,
    /// The peer's Close frame, and whether ours was sent before it.
    pub close: Option<(Option<CloseFrame>, bool)>,
    pub ending: Option<Ending>,
    /// What the protocol on top wants to offer on another connection.
    pub reoffer: Option<Reoffer>,
    /// The session of a protocol on top is open.
    pub is_ready: bool,
    pub is_overflowing: bool,
    /// All messages so far, also consumed ones.
    pub received: u64,
    bytes: usize,
    closing: bool,
}

/// Limits, in bytes and items. Like the default --max-message, 64 MiB; only a flood that no step
/// expects gets there.
const KEPT_BYTES: usize = 64 << 20;
const KEPT_ITEMS: usize = 100_000;
/// Memory of a message besides its payload, in bytes, so that empty ones count too.
const OVERHEAD: usize = 64;

impl Inbox {
    pub fn event(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::Message(message) => self.message(message, Vec::new(), Vec::new(), now),
            Event::Ping { payload, .. } => self.control(false, payload),
            Event::Pong { payload, .. } => self.control(true, payload),
            Event::Close(frame) => self.close = Some((frame.clone(), self.closing)),
            Event::Sent(crate::proto::sender::Control::Close(_)) => self.closing = true,
            _ => {}
        }
    }

    pub fn message(
        &mut self,
        message: &connection::Message<'_>,
        on_top: Vec<Value>,
        values: Vec<String>,
        now: Instant,
    ) {
        self.received += 1;
        if self.has_room(size(message.payload.len(), &on_top, &values)) {
            self.messages.push_back(Message {
                at: now,
                kind: message.kind,
                payload: message.payload.to_vec(),
                on_top,
                values,
            });
        }
    }

    /// Removes the first message of which `find` finds something.
    pub fn take_first<T>(&mut self, find: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let found = self.messages.iter().enumerate().find_map(|(at, message)| {
            let found = message.on_top.iter().find_map(&find)?;
            Some((at, found))
        });
        let (at, found) = found?;
        if let Some(message) = self.messages.remove(at) {
            self.bytes -= message.size() + OVERHEAD;
        }
        Some(found)
    }

    pub fn take(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.size() + OVERHEAD;
        Some(message)
    }

    pub fn take_control(&mut self) -> Option<Control> {
        let control = self.controls.pop_front()?;
        self.bytes -= control.payload.len() + OVERHEAD;
        Some(control)
    }

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
    fn message(inbox: &mut Inbox, payload: &[u8]) {
        let message = connection::Message::whole(Kind::Text, payload, None);
        inbox.event(&Event::Message(message), Instant::now());
    }

    #[test]
    fn a_flood_does_not_grow_the_inbox() {
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
    fn consumed_messages_make_room() {
        let mut inbox = Inbox::default();
        let block = vec![b'x'; 1 << 20];
        for _ in 0..200 {
            message(&mut inbox, &block);
            assert!(inbox.take().is_some());
        }
        assert!(!inbox.is_overflowing);
    }
}
