//! Frames on their way out: what is changed, withheld, or the last that passes.

mod change;

use std::time::{Duration, Instant};

use super::dice::Dice;
use super::kind::{After, Chance, Change, How, Kind};
use crate::proto::buffer::Buffer;
use crate::proto::connection::Message;
use crate::proto::frame::{CloseFrame, Header, Opcode};
use crate::render::quantity;
use crate::session::mode::CloseMode;
use change::Whole;

/// What happens when a moment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    End(How),
    Silence,
}

#[derive(Debug)]
pub(super) struct Trigger {
    pub action: Action,
    pub after: After,
    /// What is noted when it strikes.
    pub note: String,
}

/// Messages are changed by chance.
#[derive(Debug)]
pub(super) struct Roll {
    pub change: Change,
    pub chance: Chance,
    pub dice: Dice,
}

/// What still passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Everything,
    /// The Close frame that ends the connection.
    Close,
    Nothing,
}

/// Faults that last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    pub fragments: bool,
    pub no_close: bool,
    pub no_pong: bool,
}

/// The frames of a server, one after the other.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub triggers: Vec<Trigger>,
    pub rolls: Vec<Roll>,
    pub wishes: Wishes,
    /// The number of the message in whose middle the stream ends.
    pub cut: Option<u64>,
    /// Faults may be added, which count what was sent before.
    pub may_grow: bool,
    /// The peer's Close frame was received.
    pub is_closed_by_peer: bool,
    opened: Instant,
    gate: Gate,
    /// The connection stays open until the peer ends it.
    holds: bool,
    /// Bytes of a frame whose end is missing.
    input: Buffer,
    /// The message whose end is missing.
    message: Whole,
    /// A message that waits for the next to overtake it, and until when.
    held: Option<Held>,
    messages: u64,
    /// Messages that the server has wanted to send.
    announced: u64,
    /// When a withheld message was last noted.
    noted: Option<Instant>,
    /// Messages after the one that was the last to pass.
    withheld: u64,
    bytes: u64,
    notes: Vec<String>,
    stop: Option<CloseMode>,
}

#[derive(Debug)]
struct Held {
    number: u64,
    frames: Vec<u8>,
    until: Instant,
}

/// How long a message waits to be overtaken: longer than from one message to the next in most protocols, and not so
/// long that a client that waits for this one gives up.
const OVERTAKING: Duration = Duration::from_secs(1);
/// How often a withheld message is noted at most: each one that a person types, and not each of a stream.
const NOTING: Duration = Duration::from_secs(1);

impl Outgoing {
    pub(super) fn new(opened: Instant) -> Self {
        Self {
            triggers: Vec::new(),
            rolls: Vec::new(),
            wishes: Wishes::default(),
            cut: None,
            may_grow: false,
            is_closed_by_peer: false,
            opened,
            gate: Gate::Everything,
            holds: false,
            input: Buffer::with_capacity(0),
            message: Whole::default(),
            held: None,
            messages: 0,
            announced: 0,
            noted: None,
            withheld: 0,
            bytes: 0,
            notes: Vec::new(),
            stop: None,
        }
    }

    /// Adds a fault, if it is one of outgoing messages.
    pub(super) fn add(&mut self, kind: &Kind, dice: Dice) {
        let action = match *kind {
            Kind::End { how, after } => Some((Action::End(how), after)),
            Kind::Silent(after) => Some((Action::Silence, after)),
            _ => None,
        };
        if let Some((action, after)) = action {
            let note = match action {
                Action::End(_) => kind.to_string(),
                Action::Silence => format!("{kind}, nothing is sent from now on"),
            };
            self.triggers.push(Trigger {
                action,
                after,
                note,
            });
        }
        match *kind {
            Kind::Cut { message } => self.cut = Some(message),
            Kind::NoClose => self.wishes.no_close = true,
            Kind::NoPong => self.wishes.no_pong = true,
            Kind::Change { change, chance } => self.rolls.push(Roll {
                change,
                chance,
                dice,
            }),
            Kind::Fragments => self.wishes.fragments = true,
            _ => {}
        }
    }

    /// Ends the connection at `at`.
    pub(super) fn end_at(&mut self, at: Instant, note: String) {
        self.triggers.push(Trigger {
            action: Action::End(How::Fin),
            after: After::Time(at.saturating_duration_since(self.opened)),
            note,
        });
    }

    /// The connection opens now.
    pub(super) fn open(&mut self, now: Instant) {
        self.opened = now;
        self.strike(now);
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// What struck since the last call.
    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Takes a message, or a piece of one, that the server wants to send; returns whether it can pass.
    pub(super) fn announce(&mut self, message: &Message<'_>, now: Instant) -> bool {
        let number = self.announced + 1;
        if message.end {
            self.announced = number;
        }
        if self.gate == Gate::Everything {
            // What is written before this message may be on its way still.
            let ends_before =
                |it: &Trigger| matches!(it.after, After::Messages(last) if last < number);
            return !self.triggers.iter().any(ends_before);
        }
        let was_noted = |at: Instant| now.saturating_duration_since(at) < NOTING;
        if self.holds && message.end && !self.noted.is_some_and(was_noted) {
            self.noted = Some(now);
            let size = quantity::size(message.payload.len() as u64);
            self.note(if message.start {
                format!("{} {size} is not sent", message.kind)
            } else {
                "a message is not sent".to_owned()
            });
        }
        false
    }

    /// Whether a control frame that the server wants to send does not pass.
    pub(super) fn withholds(&self, is_close: bool) -> bool {
        match self.gate {
            Gate::Everything => is_close && self.wishes.no_close && self.is_closed_by_peer,
            Gate::Close => !is_close,
            Gate::Nothing => true,
        }
    }

    /// The number of messages that did not pass any more.
    pub(super) fn withheld(&self) -> u64 {
        self.withheld
    }

    /// Notes how many messages did not pass any more.
    pub(super) fn note_withheld(&mut self) {
        match std::mem::take(&mut self.withheld) {
            0 => {}
            1 => self.note("1 message after that was not sent"),
            number => self.note(format!("{number} messages after that were not sent")),
        }
    }

    /// How the connection is to be ended, if a fault has decided so since the last call.
    pub(super) fn take_stop(&mut self) -> Option<CloseMode> {
        self.stop.take()
    }

    /// Whether the stream stays open after the end of the connection, until the peer ends it.
    pub(super) fn holds(&self) -> bool {
        self.holds
    }

    /// Whether there is nothing to do for bytes on their way out.
    pub(super) fn is_idle(&self) -> bool {
        self.gate == Gate::Everything
            && !self.may_grow
            && self.wishes == Wishes::default()
            && self.cut.is_none()
            && self.triggers.is_empty()
            && self.rolls.is_empty()
            && self.input.is_empty()
            && self.held.is_none()
    }

    /// Whether messages may be changed, so that they must not be compressed: a compressed one needs those before it.
    pub(super) fn needs_plain_messages(&self) -> bool {
        self.may_grow || !self.rolls.is_empty()
    }

    /// Whether messages are looked at as wholes.
    fn changes_messages(&self) -> bool {
        self.wishes.fragments || self.cut.is_some() || !self.rolls.is_empty()
    }

    /// Takes bytes on their way out; appends those that pass to `out`.
    pub(super) fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>, now: Instant) {
        self.input.extend(bytes);
        while let Some((header, size)) = Header::decode(self.input.filled()) {
            let payload = usize::try_from(header.payload_len).unwrap_or(usize::MAX);
            let Some(frame) = self.input.filled().get(..size.saturating_add(payload)) else {
                break;
            };
            let frame = frame.to_vec();
            self.input.consume(frame.len());
            self.frame(&header, size, &frame, out, now);
        }
    }

    /// Lets bytes pass that are no frame: the sender writes whole frames, except for what was broken on purpose.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>, now: Instant) {
        if !self.input.is_empty() {
            let rest = self.input.filled().to_vec();
            self.input.consume(rest.len());
            self.pass(&rest, out, now);
        }
    }

    /// Whether a message waits to be overtaken.
    pub(super) fn is_holding_back(&self) -> bool {
        self.held.is_some()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let times = self.triggers.iter().filter_map(|it| match it.after {
            After::Time(time) => Some(self.opened + time),
            _ => None,
        });
        let times = times.filter(|_| self.gate == Gate::Everything);
        times.chain(self.held.as_ref().map(|held| held.until)).min()
    }

    pub(super) fn handle_timeout(&mut self, out: &mut Vec<u8>, now: Instant) {
        if self.held.as_ref().is_some_and(|held| held.until <= now) {
            self.release(out, now);
        }
        self.strike(now);
    }

    fn frame(
        &mut self,
        header: &Header,
        size: usize,
        frame: &[u8],
        out: &mut Vec<u8>,
        now: Instant,
    ) {
        if self.gate != Gate::Everything && !header.opcode.is_control() {
            self.withheld += u64::from(header.fin);
            return;
        }
        match header.opcode {
            Opcode::CLOSE => self.close(frame, out, now),
            Opcode::PONG if self.wishes.no_pong => {}
            opcode if opcode.is_control() => self.pass(frame, out, now),
            _ if self.changes_messages() => {
                self.message.push(header, size, frame);
                if header.fin {
                    let message = std::mem::take(&mut self.message);
                    self.message(message, out, now);
                }
            }
            _ => {
                self.pass(frame, out, now);
                if header.fin {
                    self.count(now);
                }
            }
        }
    }

    fn close(&mut self, frame: &[u8], out: &mut Vec<u8>, now: Instant) {
        self.release(out, now);
        if self.wishes.no_close && self.is_closed_by_peer && self.gate != Gate::Nothing {
            self.note("no-close, the client's Close is not answered");
            self.shut(Gate::Nothing);
            self.holds = true;
        }
        if self.gate == Gate::Close {
            self.gate = Gate::Everything;
        }
        self.pass(frame, out, now);
        self.shut(Gate::Nothing);
    }

    /// Decides about a whole message.
    fn message(&mut self, mut message: Whole, out: &mut Vec<u8>, now: Instant) {
        let number = self.messages + 1;
        if self.cut == Some(number) {
            self.release(out, now);
            let frames = message.frames();
            self.pass(&frames[..frames.len() / 2], out, now);
            self.note(format!("cut in message {number}"));
            return self.end(How::Fin);
        }
        let happens = |roll: &&Roll| roll.dice.happens(roll.chance, number);
        let (mut notes, mut copies, mut is_late) = (Vec::new(), 1, false);
        for roll in self.rolls.iter().filter(happens) {
            match roll.change {
                Change::Drop => copies = 0,
                Change::Duplicate => copies *= 2,
                Change::Reorder => is_late = true,
                Change::Corrupt | Change::Truncate | Change::BadUtf8 => {
                    let place = roll.dice.of(number);
                    notes.extend(message.change(roll.change, place, number));
                }
            }
        }
        if copies == 0 {
            notes = vec![format!("drop message {number}")];
        } else if copies > 1 {
            notes.push(format!("duplicate message {number}"));
        }
        self.notes.append(&mut notes);
        let frames = if self.wishes.fragments {
            message.fragments()
        } else {
            message.frames()
        };
        let frames = frames.repeat(copies);
        if is_late && self.held.is_none() && copies > 0 {
            let until = now + OVERTAKING;
            self.held = Some(Held {
                number,
                frames,
                until,
            });
        } else {
            self.pass(&frames, out, now);
            if let Some(held) = self.held.take_if(|_| copies > 0) {
                let earlier = held.number;
                self.note(format!(
                    "reorder, message {earlier} goes after message {number}"
                ));
                self.pass(&held.frames, out, now);
            }
        }
        self.count(now);
    }

    /// Sends the message that nothing has overtaken.
    fn release(&mut self, out: &mut Vec<u8>, now: Instant) {
        if let Some(held) = self.held.take() {
            let number = held.number;
            self.note(format!(
                "reorder, message {number} was held back, and none came to overtake it"
            ));
            self.pass(&held.frames, out, now);
        }
    }

    /// Counts a message.
    fn count(&mut self, now: Instant) {
        self.messages += 1;
        self.strike(now);
    }

    /// Lets bytes pass, as far as no fault ends the stream within them.
    fn pass(&mut self, bytes: &[u8], out: &mut Vec<u8>, now: Instant) {
        if self.gate != Gate::Everything {
            return;
        }
        let breaks = self
            .triggers
            .iter()
            .filter_map(|it| match (it.action, it.after) {
                (Action::End(How::Fin | How::Rst), After::Bytes(bytes)) => Some(bytes),
                _ => None,
            });
        let room = breaks
            .min()
            .map_or(u64::MAX, |end| end.saturating_sub(self.bytes));
        let n = usize::try_from(room).map_or(bytes.len(), |room| room.min(bytes.len()));
        out.extend_from_slice(&bytes[..n]);
        self.bytes += n as u64;
        self.strike(now);
    }

    /// Lets the first fault strike whose moment has come.
    pub(super) fn strike(&mut self, now: Instant) {
        if self.gate != Gate::Everything {
            return;
        }
        let (messages, bytes, opened) = (self.messages, self.bytes, self.opened);
        let has_come = |after: After| match after {
            After::Messages(number) => messages >= number,
            After::Bytes(number) => bytes >= number,
            After::Time(time) => now >= opened + time,
        };
        let Some(at) = self.triggers.iter().position(|it| has_come(it.after)) else {
            return;
        };
        let trigger = self.triggers.remove(at);
        self.note(trigger.note);
        match trigger.action {
            Action::End(how) => self.end(how),
            Action::Silence => {
                self.shut(Gate::Nothing);
                self.holds = true;
            }
        }
    }

    fn end(&mut self, how: How) {
        let (gate, stop) = match how {
            How::Fin => (Gate::Nothing, CloseMode::Abandon { reset: false }),
            How::Rst => (Gate::Nothing, CloseMode::Abandon { reset: true }),
            How::Close(code) => {
                let frame = Some(CloseFrame::new(code, ""));
                let patience = None;
                (Gate::Close, CloseMode::Close { frame, patience })
            }
        };
        self.shut(gate);
        self.stop = Some(stop);
    }

    fn shut(&mut self, gate: Gate) {
        self.gate = gate;
        // What was held back does not pass any more.
        self.held = None;
    }
}

#[cfg(test)]
mod tests;
