//! What leaves later, in order: behind what a rule delays, or what is held until the user decides.

mod depart;
mod inject;
mod sparse;

use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use sparse::Sparse;

use super::{Note, Plain};
use crate::event::Side;
use crate::memory::Fate;
use crate::proxy::rules::End;
use crate::render::quantity;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::proxy) enum Compression {
    /// Each message is compressed by itself, or none is.
    Independent,
    /// Compressed messages refer to those before them.
    Context,
    /// One that others refer to did not pass as it came: later ones leave uncompressed.
    Broken,
}

/// What becomes of a held message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::proxy) enum Decision {
    Pass,
    Discard,
    /// It leaves with this payload.
    Change(Vec<u8>),
}

#[derive(Debug)]
pub(super) struct Queue {
    side: Side,
    keys: StdRng,
    compression: Compression,
    items: VecDeque<Item>,
    bytes: usize,
    /// How many messages in it are held, and how many are not.
    held: usize,
    behind: usize,
    /// What leaves is recorded.
    records: bool,
    /// What leaves now.
    out: Vec<u8>,
    /// A message is leaving in pieces, between which no other may leave.
    is_within: bool,
    /// What leaves ahead of everything else, once no message is leaving.
    injected: Vec<u8>,
    is_fullness_noted: bool,
    /// Messages that are held behind another, or wait for it.
    behind_notes: Sparse,
    pub(super) notes: Vec<Note>,
    end: Option<End>,
}

#[derive(Debug)]
struct Item {
    due: Due,
    what: What,
    size: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    At(Instant),
    /// When the user says so.
    Held,
}

#[derive(Debug)]
enum What {
    Message(Leaving),
    /// A piece of a message that passes as it comes, or a control frame.
    Bytes {
        bytes: Vec<u8>,
        is_within: bool,
        /// The start of a compressed message.
        is_compressed: bool,
        is_close: bool,
    },
}

/// A message whose frames have all come.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Leaving {
    /// As they came.
    pub(super) frames: Vec<u8>,
    pub(super) is_compressed: bool,
    /// What it says, if that can be read.
    pub(super) plain: Option<Plain>,
    /// That is not what came.
    pub(super) is_changed: bool,
    /// What it said before the user changed it.
    pub(super) before: Option<Plain>,
    /// How often it leaves.
    pub(super) copies: usize,
    /// Its number, where there is a prompt.
    pub(super) number: Option<u64>,
    pub(super) was_held: bool,
    /// It is a Close frame.
    pub(super) is_close: bool,
}

/// From this many bytes in the queue on nothing more is read.
const FULL: usize = 4 << 20;
/// The same for small messages, which take some 250 bytes besides: a busy stream that is delayed by a second.
const MOST: usize = 100_000;

impl Leaving {
    pub(super) fn as_it_came(frames: Vec<u8>) -> Self {
        Self {
            frames,
            is_compressed: false,
            plain: None,
            is_changed: false,
            before: None,
            copies: 1,
            number: None,
            was_held: false,
            is_close: false,
        }
    }

    fn size(&self) -> usize {
        let plain = self.plain.as_ref().map_or(0, |it| it.payload.len());
        self.frames.len() + plain
    }
}

impl Queue {
    pub(super) fn new(side: Side, compression: Compression, records: bool) -> Self {
        Self {
            side,
            keys: StdRng::from_seed(rand::random()),
            compression,
            items: VecDeque::new(),
            bytes: 0,
            held: 0,
            behind: 0,
            records,
            out: Vec::new(),
            is_within: false,
            injected: Vec::new(),
            is_fullness_noted: false,
            behind_notes: Sparse::default(),
            notes: Vec::new(),
            end: None,
        }
    }

    /// A masking key that nobody can predict.
    pub(super) fn key(&mut self) -> [u8; 4] {
        self.keys.next_u32().to_ne_bytes()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= FULL || self.items.len() >= MOST
    }

    pub(super) fn take_end(&mut self) -> Option<End> {
        self.end.take()
    }

    /// Whether a message may have to be encoded again that nobody wants to touch.
    pub(super) fn needs_whole(&self) -> bool {
        match self.compression {
            Compression::Independent => false,
            Compression::Context => !self.items.is_empty(),
            Compression::Broken => true,
        }
    }

    /// The numbers of the messages that are held.
    pub(super) fn held(&self) -> impl Iterator<Item = u64> {
        let held = self.items.iter().filter(|item| item.due == Due::Held);
        held.filter_map(|item| match &item.what {
            What::Message(leaving) => leaving.number,
            What::Bytes { .. } => None,
        })
    }

    /// The oldest one that is held. Most queues hold none, and may be long.
    fn first_held(&self) -> Option<u64> {
        (self.held > 0).then(|| self.held().next()).flatten()
    }

    /// How many messages wait behind one that is held, at most.
    pub(super) fn behind(&self) -> usize {
        if self.held > 0 { self.behind } else { 0 }
    }

    /// The numbers of the messages that wait without being held.
    pub(super) fn waiting(&self) -> impl Iterator<Item = u64> {
        let waiting = self.items.iter().filter(|item| item.due != Due::Held);
        waiting.filter_map(|item| match &item.what {
            What::Message(leaving) => leaving.number,
            What::Bytes { .. } => None,
        })
    }

    /// Lets a message leave after `delay`, and never before those that wait.
    pub(super) fn push(&mut self, leaving: Leaving, delay: Duration, now: Instant) {
        self.add(What::Message(leaving), delay, now);
    }

    pub(super) fn push_bytes(&mut self, bytes: Vec<u8>, is_within: bool, now: Instant) {
        let what = What::Bytes {
            bytes,
            is_within,
            is_compressed: false,
            is_close: false,
        };
        self.add(what, Duration::ZERO, now);
    }

    /// A Close frame, which waits for all that came before it.
    pub(super) fn push_close(&mut self, bytes: Vec<u8>, now: Instant) {
        let what = What::Bytes {
            bytes,
            is_within: false,
            is_compressed: false,
            is_close: true,
        };
        self.add(what, Duration::ZERO, now);
    }

    /// The same for the header of a message that passes as it comes.
    pub(super) fn push_start(&mut self, bytes: Vec<u8>, is_compressed: bool, now: Instant) {
        let what = What::Bytes {
            bytes,
            is_within: true,
            is_compressed,
            is_close: false,
        };
        self.add(what, Duration::ZERO, now);
    }

    /// A control frame, which waits for nothing.
    pub(super) fn push_ahead(&mut self, frame: Vec<u8>) {
        self.out.extend(frame);
    }

    pub(super) fn hold(&mut self, number: u64, leaving: Leaving, now: Instant) {
        let first = self.first_held();
        if first.is_none() {
            self.behind_notes = Sparse::default();
        }
        let text = match first {
            // A control frame is not edited.
            None if leaving.plain.is_none() => {
                Some(format!("#{number} is held: /pass or /discard {number}"))
            }
            None => Some(format!(
                "#{number} is held: /pass, /edit {number} or /discard {number}"
            )),
            Some(_) => None,
        };
        self.notes.extend(text.map(Note::Fact));
        if let Some(first) = first
            && let Some(more) = self.behind_notes.due(now)
        {
            let text = format!("#{number} is held as well{more}, behind #{first}");
            self.notes.push(Note::Behind(text));
        }
        let leaving = Leaving {
            number: Some(number),
            was_held: true,
            ..leaving
        };
        self.enqueue(What::Message(leaving), Due::Held);
    }

    /// Notes that a message waits that is not held itself.
    pub(super) fn note_waiting(&mut self, number: u64, now: Instant) {
        let first = self.first_held();
        if let Some(first) = first
            && let Some(more) = self.behind_notes.due(now)
        {
            let text = format!("#{number} waits{more} for #{first}, which is held");
            self.notes.push(Note::Behind(text));
        }
    }

    /// Does with a held message what the user wants; `false` if it is not here.
    pub(super) fn decide(&mut self, number: u64, decision: Decision, now: Instant) -> bool {
        let is_it = |item: &&mut Item| {
            item.due == Due::Held
                && matches!(&item.what, What::Message(it) if it.number == Some(number))
        };
        let Some(item) = self.items.iter_mut().find(is_it) else {
            return false;
        };
        item.due = Due::At(now);
        self.held -= 1;
        self.behind += 1;
        self.notes.push(Note::Fate(number, Some(Fate::Waits)));
        let What::Message(leaving) = &mut item.what else {
            return false;
        };
        match decision {
            Decision::Pass => {}
            Decision::Discard => leaving.copies = 0,
            Decision::Change(payload) => {
                if let Some(plain) = &mut leaving.plain {
                    let changed = Plain::new(plain.kind, payload);
                    leaving.before = Some(mem::replace(plain, changed));
                    leaving.is_changed = true;
                }
            }
        }
        true
    }

    /// What leaves now.
    pub(super) fn take_out(&mut self, now: Instant) -> Vec<u8> {
        let is_due = |item: &mut Item| matches!(item.due, Due::At(due) if due <= now);
        while let Some(item) = self.items.pop_front_if(is_due) {
            self.bytes -= item.size;
            if let What::Message(leaving) = &item.what {
                self.behind -= 1;
                if let Some(number) = leaving.number {
                    self.notes.push(Note::Fate(number, None));
                }
            }
            self.depart(item.what);
        }
        if !self.is_full() {
            self.is_fullness_noted = false;
        }
        if !self.is_within {
            self.out.append(&mut self.injected);
        }
        mem::take(&mut self.out)
    }

    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.items.front()?.due {
            Due::At(due) => Some(due),
            Due::Held => None,
        }
    }

    fn add(&mut self, what: What, delay: Duration, now: Instant) {
        if self.items.is_empty() && delay.is_zero() {
            return self.depart(what);
        }
        let last = self.items.back().map(|item| item.due);
        let due = match last {
            Some(Due::At(last)) => last.max(now + delay),
            // It follows whenever that leaves.
            Some(Due::Held) | None => now + delay,
        };
        self.enqueue(what, Due::At(due));
    }

    fn enqueue(&mut self, what: What, due: Due) {
        let size = match &what {
            What::Message(leaving) => leaving.size(),
            What::Bytes { bytes, .. } => bytes.len(),
        };
        self.bytes += size;
        if let What::Message(leaving) = &what {
            let is_held = due == Due::Held;
            self.held += usize::from(is_held);
            self.behind += usize::from(!is_held);
            if let Some(number) = leaving.number {
                let fate = if is_held { Fate::Held } else { Fate::Waits };
                self.notes.push(Note::Fate(number, Some(fate)));
            }
        }
        self.items.push_back(Item { due, what, size });
        if self.is_full()
            && !self.is_fullness_noted
            && let Some(number) = self.first_held()
        {
            self.is_fullness_noted = true;
            let (from, amount) = (self.side.name(), quantity::size(self.bytes as u64));
            let text =
                format!("{amount} wait behind #{number}: the {from} is not read until it leaves");
            self.notes.push(Note::Warning(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Outgoing;
    use crate::proto::frame::CloseCode;
    use crate::proto::message::Kind;

    fn message(text: &str, is_compressed: bool) -> Leaving {
        Leaving {
            frames: format!("[{text}]").into_bytes(),
            is_compressed,
            plain: Some(Plain::new(Kind::Text, text.as_bytes().to_vec())),
            ..Leaving::as_it_came(Vec::new())
        }
    }

    #[test]
    fn order_is_kept_behind_a_held_message() {
        let now = Instant::now();
        let mut queue = Queue::new(Side::Server, Compression::Independent, false);
        queue.push(message("a", false), Duration::ZERO, now);
        queue.hold(2, message("b", false), now);
        queue.push(message("c", false), Duration::ZERO, now);
        queue.hold(4, message("d", false), now);
        queue.push_ahead(b"<ping>".to_vec());
        assert_eq!(queue.take_out(now), b"[a]<ping>");
        assert!(queue.decide(4, Decision::Change(b"x".to_vec()), now));
        assert!(!queue.decide(4, Decision::Pass, now) && !queue.decide(3, Decision::Pass, now));
        assert_eq!((queue.take_out(now), queue.deadline()), (Vec::new(), None));
        assert!(queue.decide(2, Decision::Pass, now));
        assert_eq!(queue.take_out(now), b"[b][c]\x81\x01x");
        assert!(queue.is_empty());
    }

    #[test]
    fn what_refers_to_an_edited_message_is_encoded_again() {
        let now = Instant::now();
        let mut queue = Queue::new(Side::Server, Compression::Context, false);
        queue.hold(1, message("a", true), now);
        queue.push(message("b", true), Duration::ZERO, now);
        queue.hold(3, message("c", true), now);
        assert!(queue.needs_whole());
        queue.decide(1, Decision::Pass, now);
        assert_eq!(queue.take_out(now), b"[a][b]");
        queue.decide(3, Decision::Discard, now);
        queue.push(message("d", true), Duration::ZERO, now);
        queue.push(message("e", false), Duration::ZERO, now);
        assert_eq!(queue.take_out(now), b"\x81\x01d[e]");
        assert!(queue.needs_whole());
    }

    #[test]
    fn a_compressed_message_that_cannot_be_encoded_again_ends_the_connection() {
        let now = Instant::now();
        let mut queue = Queue::new(Side::Server, Compression::Context, false);
        queue.hold(1, message("a", true), now);
        queue.push_start(b"<huge".to_vec(), true, now);
        queue.decide(1, Decision::Discard, now);
        queue.take_out(now);
        assert_eq!(queue.take_end(), Some(End::Close(CloseCode::INTERNAL)));
    }

    #[test]
    fn nothing_is_injected_into_a_message_that_is_leaving() {
        let now = Instant::now();
        let mut queue = Queue::new(Side::Server, Compression::Independent, false);
        queue.push_start(b"<start".to_vec(), false, now);
        queue.inject(&Outgoing::Text("i".to_owned()));
        assert_eq!(queue.take_out(now), b"<start");
        let text = "it leaves once the message has ended that is leaving now";
        assert_eq!(queue.notes, [Note::Fact(text.to_owned())]);
        queue.push_bytes(b"end>".to_vec(), false, now);
        assert_eq!(queue.take_out(now), b"end>\x81\x01i");
        queue.hold(1, message("a", false), now);
        queue.inject(&Outgoing::Fragment {
            frames: 2,
            text: "bc".to_owned(),
        });
        assert_eq!(queue.take_out(now), b"\x01\x01b\x80\x01c");
    }

    #[test]
    fn messages_behind_a_held_one_are_noted_once_a_second_with_a_count() {
        let now = Instant::now();
        let mut queue = Queue::new(Side::Server, Compression::Independent, false);
        for number in 1..=100 {
            queue.hold(number, message("a", false), now);
        }
        queue.hold(101, message("a", false), now + sparse::NOTING);
        let facts = queue.notes.iter().filter_map(|note| match note {
            Note::Fact(text) | Note::Behind(text) => Some(text.as_str()),
            _ => None,
        });
        let facts: Vec<&str> = facts.collect();
        assert_eq!(facts.len(), 5);
        let text = "#101 is held as well with 96 before it, behind #1";
        assert_eq!(facts[4], text);
    }
}
