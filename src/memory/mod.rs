//! The messages of a run: numbered, and kept within a bound.
//!
//! A run has one sequence of numbers, over all connections and both directions. The session's task adds messages,
//! the thread at the terminal looks at them: payloads are shared, so the lock is held for moments only.

mod diff;
mod entry;
mod error;
mod export;
mod fate;
mod feed;
mod find;
mod frames;
mod keep;
mod line;
mod meaning;
mod shared;
pub mod view;
mod whole;

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;

use jiff::Timestamp;

pub use self::diff::differences;
pub use self::entry::Entry;
pub use self::error::MemoryError;
pub use self::export::{copied, save};
pub use self::fate::Fate;
pub use self::feed::Feed;
pub use self::find::{Part, Query};
pub use self::frames::Frames;
use self::frames::{Assembly, SIZE_OF_FRAME};
pub use self::keep::Keep;
pub use self::line::Lines;
pub use self::meaning::{Meaning, Words};
pub use self::shared::Shared;
pub use self::whole::{form_of, forms, no_form, title, whole};

use crate::command::Reference;
use crate::event::Direction;
use crate::proto::connection::Message;
use crate::proto::http1::Head;
use crate::proto::receiver::WireHeader;
use crate::render::Label;

/// What a message takes besides its payload, in bytes: short messages must not exceed the bound by their number. The
/// queue may have room for twice as many, and each of the allocations has a head.
const OVERHEAD: usize = mem::size_of::<Entry>() + 2 * mem::size_of::<Kept>() + 64;

/// The last messages.
#[derive(Debug, Default)]
pub struct Memory {
    keep: Keep,
    kept: VecDeque<Kept>,
    /// What is kept, with its overhead, and what is not complete yet.
    bytes: usize,
    /// The number of the newest message, kept or not.
    newest: u64,
    /// By number; a run with one connection has number 0.
    connections: BTreeMap<u64, Unfinished>,
    /// The one that is spoken of.
    current: (u64, Option<Label>),
    /// What the next message means.
    meaning: Option<Box<Meaning>>,
    /// The last opening handshakes, of each connection one.
    heads: VecDeque<Heads>,
}

/// A request and its response, and the label of their connection.
type Heads = (Option<Label>, Arc<[Head; 2]>);

/// Connections whose handshakes are kept: a server may have any number of them.
const MAX_HEADS: usize = 100;

/// What is not complete yet on a connection.
#[derive(Debug, Default)]
struct Unfinished {
    assembly: Assembly,
    /// A message that is sent in pieces.
    partial: Option<Entry>,
}

#[derive(Debug)]
struct Kept {
    entry: Arc<Entry>,
    frames: Frames,
}

impl Kept {
    fn bytes(&self) -> usize {
        let meaning = self.entry.meaning.as_deref().map_or(0, Meaning::bytes);
        let frames = self.frames.headers.capacity() * SIZE_OF_FRAME;
        OVERHEAD + self.entry.payload.len() + meaning + frames
    }
}

impl Memory {
    pub fn new(keep: Keep) -> Self {
        Self {
            keep,
            ..Self::default()
        }
    }

    /// The same, where what follows is about one of several connections.
    pub fn of(&mut self, connection: u64, label: &Label) -> &mut Self {
        self.current = (connection, Some(label.clone()));
        self
    }

    /// The same, where what follows is about the first connection, which has no label.
    pub fn of_first(&mut self) -> &mut Self {
        if self.current.1.is_some() {
            self.current = (0, None);
        }
        self
    }

    fn unfinished(&mut self) -> &mut Unfinished {
        self.connections.entry(self.current.0).or_default()
    }

    /// The same, where the next message means this to a protocol on top.
    pub fn meaning(&mut self, meaning: Option<Meaning>) -> &mut Self {
        self.meaning = meaning.map(Box::new);
        self
    }

    /// Adds a received message; the frames since the last one are its frames.
    pub fn received(&mut self, message: &Message<'_>, number: u64, time: Timestamp) {
        let frames = self.unfinished().assembly.take_received();
        self.message(message, Direction::Received, number, time, frames);
    }

    /// Adds a sent message, or a piece of one; its frames follow.
    pub fn sent(&mut self, message: &Message<'_>, number: u64, time: Timestamp) {
        if message.start {
            self.unfinished().assembly.sends(Some(number));
        }
        let frames = self.unfinished().assembly.take_sent();
        self.message(message, Direction::Sent, number, time, frames);
    }

    /// What is sent on this connection passes through: the frames since the last message are those of the next one.
    pub fn passes(&mut self) {
        self.unfinished().assembly.passes();
    }

    /// A frame follows that belongs to no message.
    pub fn sends_frame(&mut self) {
        self.unfinished().assembly.sends(None);
    }

    pub fn frame_received(&mut self, frame: &WireHeader) {
        self.unfinished().assembly.received(frame);
    }

    pub fn frame_sent(&mut self, frame: &WireHeader) {
        if let Some(number) = self.unfinished().assembly.sent(frame)
            && let Ok(at) = self.position(number)
        {
            let kept = &mut self.kept[at];
            let before = kept.bytes();
            kept.frames.push(frame);
            self.bytes += kept.bytes() - before;
        }
    }

    /// The connection has ended: what was not complete never will be.
    pub fn disconnected(&mut self) {
        self.take_partial();
        self.connections.remove(&self.current.0);
    }

    pub fn opened(&mut self, request: Head, response: Head) {
        let label = self.current.1.clone();
        self.heads.retain(|(of, _)| *of != label);
        if self.heads.len() == MAX_HEADS {
            self.heads.pop_front();
        }
        self.heads.push_back((label, Arc::new([request, response])));
    }

    /// The request and the response of the last opening handshake of this connection.
    pub fn heads(&self, of: Option<&Label>) -> Option<Arc<[Head; 2]>> {
        let mut heads = self.heads.iter();
        let (_, heads) = heads.find(|(label, _)| label.as_ref() == of)?;
        Some(Arc::clone(heads))
    }

    fn message(
        &mut self,
        message: &Message<'_>,
        direction: Direction,
        number: u64,
        time: Timestamp,
        frames: Frames,
    ) {
        self.newest = number;
        let meaning = self.meaning.take();
        let most = self.keep.bytes;
        let is_too_large = |len: usize| len > most;
        let mut entry = match self.take_partial() {
            Some(entry) if !message.start => entry,
            None if !message.start => return,
            _ => Entry {
                number,
                time,
                direction,
                kind: message.kind,
                payload: Vec::new(),
                deflated: None,
                label: self.current.1.clone(),
                fate: None,
                meaning: None,
            },
        };
        if is_too_large(entry.payload.len() + message.payload.len()) {
            return;
        }
        entry.payload.extend_from_slice(message.payload);
        if let Some(deflated) = message.deflated {
            *entry.deflated.get_or_insert(0) += deflated;
        }
        if message.end {
            // Pieces may have left room for more of them.
            entry.payload.shrink_to_fit();
            // Without it there may be room for the message itself.
            entry.meaning = meaning.filter(|it| !is_too_large(entry.payload.len() + it.bytes()));
            self.add(entry, frames);
        } else {
            self.bytes += entry.payload.len();
            self.unfinished().partial = Some(entry);
            self.forget_excess();
        }
    }

    /// Takes the message that is sent in pieces on this connection.
    fn take_partial(&mut self) -> Option<Entry> {
        let partial = self.unfinished().partial.take()?;
        self.bytes -= partial.payload.len();
        Some(partial)
    }

    /// Adds a complete message, and forgets as many old ones as the bound requires.
    pub fn add(&mut self, entry: Entry, frames: Frames) {
        self.newest = self.newest.max(entry.number);
        let kept = Kept {
            entry: Arc::new(entry),
            frames,
        };
        self.bytes += kept.bytes();
        // A message in pieces may be complete only after later ones of other connections.
        let last = self.kept.back().map_or(0, |kept| kept.entry.number);
        if last < kept.entry.number {
            self.kept.push_back(kept);
        } else {
            let (Ok(at) | Err(at)) = self.position(kept.entry.number);
            self.kept.insert(at, kept);
        }
        self.forget_excess();
    }

    fn forget_excess(&mut self) {
        while self.kept.len() > self.keep.messages || self.bytes > self.keep.bytes {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
        }
    }

    /// Notes what became of a message, if it is kept.
    pub fn set_fate(&mut self, number: u64, fate: Option<Fate>) {
        if let Ok(at) = self.position(number) {
            Arc::make_mut(&mut self.kept[at].entry).fate = fate;
        }
    }

    /// How much may be kept.
    pub fn keep(&self) -> Keep {
        self.keep
    }

    pub fn is_off(&self) -> bool {
        self.keep.messages == 0
    }

    /// The number of the newest message, kept or not; 0 before the first.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The payload that is kept, in bytes.
    pub fn payload(&self) -> usize {
        self.kept.iter().map(|it| it.entry.payload.len()).sum()
    }

    /// The numbers of the oldest and of the newest message that is kept.
    pub fn range(&self) -> Option<(u64, u64)> {
        let number = |kept: &Kept| kept.entry.number;
        Some((number(self.kept.front()?), number(self.kept.back()?)))
    }

    /// The message that is meant, or why there is none.
    pub fn find(&self, reference: Reference) -> Result<Arc<Entry>, MemoryError> {
        let (oldest, newest) = self.range().ok_or_else(|| self.nothing())?;
        match reference {
            Reference::Number(number) => self.get(number).ok_or(match number {
                0 => MemoryError::Zero,
                _ if number > self.newest => MemoryError::NotYet {
                    number,
                    newest: self.newest,
                },
                _ if number < oldest => MemoryError::Forgotten {
                    number,
                    oldest,
                    newest,
                },
                _ => MemoryError::TooLarge { number },
            }),
            Reference::Back(back) => self.back(back).ok_or_else(|| match self.lines().count() {
                0 => MemoryError::Empty,
                kept => MemoryError::NotAsFar { kept },
            }),
        }
    }

    /// Why there is no message at all.
    pub fn nothing(&self) -> MemoryError {
        if self.is_off() {
            MemoryError::Off
        } else {
            MemoryError::Empty
        }
    }

    pub fn get(&self, number: u64) -> Option<Arc<Entry>> {
        let at = self.position(number).ok()?;
        Some(Arc::clone(&self.kept[at].entry))
    }

    /// The message that is `back` messages older than the newest kept one, of those that had a line on the screen.
    pub fn back(&self, back: usize) -> Option<Arc<Entry>> {
        self.lines().nth(back).map(Arc::clone)
    }

    /// At most `count` of the newest messages that had a line on the screen, the oldest first.
    pub fn last(&self, count: usize) -> Vec<Arc<Entry>> {
        let mut entries: Vec<_> = self.lines().take(count).map(Arc::clone).collect();
        entries.reverse();
        entries
    }

    /// Messages that had a line on the screen, the newest first.
    fn lines(&self) -> impl Iterator<Item = &Arc<Entry>> {
        let entries = self.kept.iter().rev().map(|kept| &kept.entry);
        entries.filter(|entry| entry.has_line())
    }

    pub fn frames(&self, number: u64) -> Frames {
        let at = self.position(number).ok();
        at.map(|at| self.kept[at].frames.clone())
            .unwrap_or_default()
    }

    /// At most `count` messages with numbers from `from` on.
    pub fn since(&self, from: u64, count: usize) -> Vec<Arc<Entry>> {
        let (Ok(start) | Err(start)) = self.position(from);
        let kept = self.kept.range(start..).take(count);
        kept.map(|kept| Arc::clone(&kept.entry)).collect()
    }

    /// At most `count` messages from the one at `index` on, counted from the oldest.
    pub(in crate::memory) fn slice(&self, index: usize, count: usize) -> Vec<Arc<Entry>> {
        let kept = self.kept.range(index.min(self.kept.len())..).take(count);
        kept.map(|kept| Arc::clone(&kept.entry)).collect()
    }

    fn position(&self, number: u64) -> Result<usize, usize> {
        self.kept
            .binary_search_by_key(&number, |kept| kept.entry.number)
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::ontop::Seen;
    use crate::proto::frame::Header;
    use crate::proto::message::Kind;

    fn memory(messages: usize, bytes: usize) -> Memory {
        Memory::new(Keep { messages, bytes })
    }

    fn receive(memory: &mut Memory, number: u64, payload: &[u8]) {
        let message = Message::whole(Kind::Binary, payload, None);
        memory.received(&message, number, Timestamp::UNIX_EPOCH);
    }

    fn frame(bytes: &[u8]) -> WireHeader {
        let (header, size) = Header::decode(bytes).expect("a header");
        let mut start = [0; Header::MAX];
        start[..size].copy_from_slice(&bytes[..size]);
        WireHeader {
            header,
            bytes: start,
            size,
            offset: 0,
        }
    }

    #[test]
    fn the_oldest_messages_are_forgotten_first() {
        let mut few = memory(3, 1 << 20);
        for number in 1..=5 {
            receive(&mut few, number, b"x");
        }
        assert_eq!((few.range(), few.newest()), (Some((3, 5)), 5));
        assert_eq!(few.get(2), None);
        assert_eq!(few.get(4).map(|it| it.number), Some(4));
        assert_eq!(few.back(2).map(|it| it.number), Some(3));
        assert_eq!(few.back(3), None);
        let numbers: Vec<u64> = few.since(4, 9).iter().map(|it| it.number).collect();
        assert_eq!(numbers, [4, 5]);
    }

    #[test]
    fn the_bound_in_bytes_counts_short_messages_and_leaves_out_long_ones() {
        let mut small = memory(usize::MAX, 10 * OVERHEAD);
        for number in 1..=1000 {
            receive(&mut small, number, b"");
        }
        assert_eq!(small.len(), 10);
        receive(&mut small, 1001, &vec![0; 10 * OVERHEAD + 1]);
        assert_eq!((small.len(), small.newest()), (10, 1001));
        assert_eq!(small.get(1001), None);
        receive(&mut small, 1002, &[0; 5 * OVERHEAD]);
        assert_eq!(small.range(), Some((997, 1002)));
        assert!(small.bytes <= 10 * OVERHEAD);
        let mut off = Memory::new(Keep::NOTHING);
        receive(&mut off, 1, b"x");
        assert!(off.is_empty() && off.is_off());
    }

    #[test]
    fn each_message_has_its_own_frames() {
        let mut memory = memory(10, 1 << 20);
        memory.frame_received(&frame(&[0x01, 1]));
        memory.frame_received(&frame(&[0x89, 0]));
        memory.frame_received(&frame(&[0x80, 2]));
        receive(&mut memory, 1, b"abc");
        assert_eq!(memory.frames(1).headers.len(), 2);
        let message = Message::whole(Kind::Text, b"a", None);
        memory.sent(&message, 2, Timestamp::UNIX_EPOCH);
        memory.sends_frame();
        memory.sent(&message, 3, Timestamp::UNIX_EPOCH);
        memory.frame_sent(&frame(&[0x81, 1]));
        memory.frame_sent(&frame(&[0x03, 5]));
        memory.frame_sent(&frame(&[0x8a, 0]));
        memory.frame_sent(&frame(&[0x01, 0]));
        memory.frame_sent(&frame(&[0x80, 1]));
        let lengths = |number| {
            let frames = memory.frames(number).headers;
            let lengths = frames.iter().map(|it| it.header.payload_len);
            lengths.collect::<Vec<_>>()
        };
        assert_eq!(
            [lengths(1), lengths(2), lengths(3)],
            [vec![1, 2], vec![1], vec![0, 1]]
        );
    }

    #[test]
    fn the_fate_of_a_message_is_noted_while_it_is_kept() {
        let mut memory = memory(2, 1 << 20);
        receive(&mut memory, 1, b"x");
        let looked_at = memory.get(1).expect("a message");
        memory.set_fate(1, Some(Fate::LeftAs(2)));
        assert_eq!(memory.get(1).and_then(|it| it.fate), Some(Fate::LeftAs(2)));
        assert_eq!(looked_at.fate, None);
        receive(&mut memory, 2, b"y");
        receive(&mut memory, 3, b"z");
        memory.set_fate(1, None);
        assert_eq!(memory.range(), Some((2, 3)));
    }

    #[test]
    fn a_message_that_passes_has_the_frames_before_it() {
        let mut memory = memory(10, 1 << 20);
        memory.passes();
        let message = Message::whole(Kind::Text, b"ab", None);
        for (number, frames) in [
            (1, &[[0x81, 1]][..]),
            (2, &[[0x01, 2], [0x89, 0], [0x80, 3]]),
        ] {
            for header in frames {
                memory.frame_sent(&frame(header));
            }
            memory.sent(&message, number, Timestamp::UNIX_EPOCH);
        }
        let lengths = |number| {
            let frames = memory.frames(number).headers;
            let lengths = frames.iter().map(|it| it.header.payload_len);
            lengths.collect::<Vec<_>>()
        };
        assert_eq!([lengths(1), lengths(2)], [vec![1], vec![2, 3]]);
    }

    #[test]
    fn frames_count_towards_the_bound_and_have_their_own() {
        let mut memory = memory(10, 1 << 20);
        for _ in 0..100_000 {
            memory.frame_received(&frame(&[0x01, 0]));
        }
        memory.frame_received(&frame(&[0x80, 0]));
        receive(&mut memory, 1, b"");
        let frames = memory.frames(1);
        assert_eq!(frames.headers.len() as u64 + frames.more, 100_001);
        assert!(frames.headers.len() <= 1000);
    }

    #[test]
    fn connections_do_not_mix_their_frames_and_pieces() {
        let mut memory = memory(10, 1 << 20);
        let labels = [Label::new("@1", 1), Label::new("@2", 2)];
        for (number, label) in (1..).zip(&labels) {
            memory.of(number, label).frame_received(&frame(&[0x81, 1]));
            let message = Message {
                end: false,
                ..Message::whole(Kind::Text, b"a", None)
            };
            memory.sent(&message, number, Timestamp::UNIX_EPOCH);
        }
        for (number, label) in (1..).zip(&labels) {
            let message = Message {
                start: false,
                ..Message::whole(Kind::Text, b"b", None)
            };
            memory.of(number, label);
            memory.sent(&message, number, Timestamp::UNIX_EPOCH);
            receive(&mut memory, number + 2, b"x");
        }
        let kept = memory.since(1, 9);
        let payloads = kept.iter().map(|it| String::from_utf8_lossy(&it.payload));
        assert_eq!(payloads.collect::<Vec<_>>(), ["ab", "ab", "x", "x"]);
        let of: Vec<&str> = kept
            .iter()
            .filter_map(|it| it.label.as_ref())
            .map(Label::text)
            .collect();
        assert_eq!(of, ["@1", "@2", "@1", "@2"]);
    }

    #[test]
    fn pieces_are_one_message() {
        let mut memory = memory(10, 1 << 20);
        for (payload, start, end) in [("ab", true, false), ("c", false, false), ("d", false, true)]
        {
            let message = Message {
                kind: Kind::Text,
                payload: payload.as_bytes(),
                start,
                end,
                deflated: Some(1),
            };
            memory.sent(&message, 1, Timestamp::UNIX_EPOCH);
        }
        let entry = memory.get(1).expect("a message");
        assert_eq!(
            (&entry.payload[..], entry.deflated),
            (&b"abcd"[..], Some(3))
        );
    }

    #[test]
    fn pieces_count_towards_the_bound_before_the_last_one() {
        let mut memory = memory(10, 10 * OVERHEAD);
        for number in 1..=5 {
            receive(&mut memory, number, b"");
        }
        let piece = |start, end| Message {
            start,
            end,
            ..Message::whole(Kind::Text, &[b'x'; 4 * OVERHEAD], None)
        };
        memory.sent(&piece(true, false), 6, Timestamp::UNIX_EPOCH);
        assert_eq!(memory.range(), Some((1, 5)));
        memory.sent(&piece(false, false), 6, Timestamp::UNIX_EPOCH);
        assert_eq!(memory.range(), Some((4, 5)));
        memory.disconnected();
        assert_eq!(memory.bytes, 2 * OVERHEAD);
        memory.sent(&piece(false, true), 6, Timestamp::UNIX_EPOCH);
        assert_eq!(memory.range(), Some((4, 5)));
    }

    #[test]
    fn what_had_no_line_is_kept_and_passed_over() {
        let mut memory = memory(10, 1 << 20);
        for number in 1..=4 {
            let message = Message::whole(Kind::Text, b"x", None);
            // Those with an odd number have no line, as a ping or a part of an event.
            let meaning = (number % 2 == 1).then(|| Meaning::of(&[], false));
            let memory = memory.meaning(meaning);
            memory.received(&message, number, Timestamp::UNIX_EPOCH);
        }
        let numbers =
            |entries: Vec<Arc<Entry>>| -> Vec<u64> { entries.iter().map(|it| it.number).collect() };
        assert_eq!(numbers(memory.last(9)), [2, 4]);
        assert_eq!(numbers(memory.since(1, 9)), [1, 2, 3, 4]);
        assert_eq!(memory.back(1).map(|it| it.number), Some(2));
        let error = memory.find(Reference::Back(2)).expect_err("no more");
        assert_eq!(error.to_string(), "only 2 messages are kept");
        assert_eq!(
            memory.find(Reference::Number(3)).map(|it| it.number).ok(),
            Some(3)
        );
    }

    #[test]
    fn words_that_leave_no_room_are_left_out() {
        let seen = |payload: &str| {
            let seen = Seen {
                label: "event".to_owned(),
                payload: payload.to_owned(),
                note: String::new(),
                object: serde_json::Value::Null,
                print: None,
                is_keepalive: false,
            };
            Meaning::of(&[Rc::new(seen)], false)
        };
        let mut small = memory(10, 10 * OVERHEAD);
        let message = Message::whole(Kind::Text, b"x", None);
        for (number, words) in [(1, "y".to_owned()), (2, "y".repeat(10 * OVERHEAD))] {
            let small = small.meaning(Some(seen(&words)));
            small.received(&message, number, Timestamp::UNIX_EPOCH);
        }
        let texts: Vec<_> = small
            .since(1, 9)
            .iter()
            .map(|it| it.text().to_vec())
            .collect();
        assert_eq!(texts, [b"event   y".to_vec(), b"x".to_vec()]);
    }
}
