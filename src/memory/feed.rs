//! What one connection adds to the memory of a run.

use jiff::Timestamp;

use super::{Meaning, Memory, Shared};
use crate::proto::connection::Message;
use crate::proto::http1::Head;
use crate::proto::receiver::WireHeader;
use crate::render::Label;

/// The way of one connection to a memory, which several may share.
#[derive(Debug)]
pub struct Feed {
    memory: Shared,
    /// Its number and label; `None` for the first connection of a run.
    connection: Option<(u64, Label)>,
}

impl Feed {
    pub fn new(memory: Shared, connection: Option<(u64, Label)>) -> Self {
        Self { memory, connection }
    }

    pub fn memory(&self) -> &Shared {
        &self.memory
    }

    pub fn received(
        &self,
        message: &Message<'_>,
        meaning: Option<Meaning>,
        number: u64,
        time: Timestamp,
    ) {
        self.with(|memory| memory.meaning(meaning).received(message, number, time));
    }

    pub fn sent(
        &self,
        message: &Message<'_>,
        meaning: Option<Meaning>,
        number: u64,
        time: Timestamp,
    ) {
        self.with(|memory| memory.meaning(meaning).sent(message, number, time));
    }

    pub fn sends_frame(&self) {
        self.with(Memory::sends_frame);
    }

    pub fn frame_received(&self, frame: &WireHeader) {
        self.with(|memory| memory.frame_received(frame));
    }

    pub fn frame_sent(&self, frame: &WireHeader) {
        self.with(|memory| memory.frame_sent(frame));
    }

    pub fn disconnected(&self) {
        self.with(Memory::disconnected);
    }

    pub fn opened(&self, request: Head, response: Head) {
        self.with(|memory| memory.opened(request, response));
    }

    fn with(&self, add: impl FnOnce(&mut Memory)) {
        let mut memory = self.memory.lock();
        match &self.connection {
            Some((number, label)) => add(memory.of(*number, label)),
            None => add(memory.of_first()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Keep;
    use crate::proto::message::Kind;

    #[test]
    fn messages_have_the_label_of_their_connection() {
        let memory = Shared::new(Keep::DEFAULT);
        let label = Label::new("b", 1);
        let first = Feed::new(memory.clone(), None);
        let other = Feed::new(memory.clone(), Some((1, label.clone())));
        let message = Message::whole(Kind::Text, b"x", None);
        for (number, feed) in (1..).zip([&first, &other, &first]) {
            feed.received(&message, None, number, Timestamp::UNIX_EPOCH);
        }
        let kept = memory.lock().since(1, 9);
        let labels: Vec<_> = kept.iter().map(|it| it.label.as_ref()).collect();
        assert_eq!(labels, [None, Some(&label), None]);
    }
}
