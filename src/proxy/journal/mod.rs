//! What is shown and recorded of one connection.

mod added;
mod ending;

use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};
use std::task::{Context, Poll};
use std::time::Instant;

use self::ending::{Began, Body};
use super::shown;
use super::touch::{Note, Plain};
use crate::acceptor::Log;
use crate::dial::Step;
use crate::event::{Carried, Direction, Event, NotOpen, Opening, Side};
use crate::fault::Faults;
use crate::memory::Fate;
use crate::proto::connection::{self, AutoPong, Message};
use crate::proto::frame::CloseFrame;
use crate::proto::http1::Head;
use crate::proto::message::Kind;
use crate::proto::rules::{Rule, Violation};
use crate::proto::sender::Control;
use crate::proto::watcher::{Sight, Watched};
use crate::record::Recorder;
use crate::render::escape::escape_line;
use crate::render::{Role, quantity};
use crate::session::Transport;

/// The log and the recording of a connection.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) log: Log,
    pub(super) recorder: Option<Recorder>,
    opening: Opening,
    opened: Instant,
    /// The number of the last message that is recorded.
    number: u64,
    /// What comes from these ends is recorded when it leaves: rules or the user may change it.
    records_leaving: [bool; 2],
    /// Pings that are not answered yet, by the end that sent them.
    pings: [VecDeque<(Vec<u8>, Instant)>; 2],
    closes: [Option<Body>; 2],
    /// How the end began.
    began: Option<Began>,
    /// The faults of what the client gets, and of what the server gets.
    faults: [Option<Faults>; 2],
    /// How often each end has broken a rule.
    mistakes: [Vec<(Discriminant<Rule>, u64)>; 2],
}

/// How much of a text is shown that is too large to be kept, in bytes: enough to recognise it.
const START: usize = 1 << 10;
/// The number of pings that are remembered for their round trip: more than a peer that answers leaves open.
const REMEMBERED_PINGS: usize = 32;

/// How many mistakes of a kind the log shows of each end: enough to see a pattern, while a peer that is wrong
/// in every frame does not bury all else.
const SHOWN_MISTAKES: u64 = 20;

impl Journal {
    pub(super) fn new(log: Log, url: &str, now: Instant) -> Self {
        Self {
            log,
            recorder: None,
            opening: Opening::new(url, now),
            opened: now,
            number: 0,
            records_leaving: [false, false],
            pings: [VecDeque::new(), VecDeque::new()],
            closes: [None, None],
            began: None,
            faults: [None, None],
            mistakes: [Vec::new(), Vec::new()],
        }
    }

    /// Tells these faults what passes.
    pub(super) fn watch_for(&mut self, faults: &[Option<Faults>; 2]) {
        self.faults.clone_from(faults);
    }

    /// Records what comes from these ends when it leaves.
    pub(super) fn await_leaving(&mut self, sides: [bool; 2]) {
        self.records_leaving = sides;
        // A scenario expects of the server what the server says.
        if self.recorder.as_ref().is_some_and(Recorder::is_scenario) {
            self.records_leaving[Side::Server as usize] = false;
        }
    }

    /// The time of what is read; asked for once per read.
    #[expect(clippy::unused_self, reason = "the journal is where time comes from")]
    pub(super) fn now(&self) -> Instant {
        Instant::now()
    }

    /// Keeps an event of the opening for the outputs.
    pub(super) fn opening(&mut self, event: &Event<'_>, now: Instant) {
        self.opening.observe(event, now);
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event, &self.opening, 0, None, now);
        }
        if let Event::Open(_) = event {
            self.opened = now;
            self.log.passes();
            self.log.open_event(event, &self.opening, now);
        }
    }

    pub(super) fn not_open(&mut self, why: &NotOpen, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.not_open(why, &self.opening, now);
        }
        self.log.not_open(why, &self.opening, now);
    }

    /// Shows a head as it came, and what it became.
    pub(super) fn show_beside(&self, heads: (&Head, &Head), direction: Direction) {
        let show = |out: &mut String, style, secrets| {
            shown::beside(out, heads, direction, style, secrets);
        };
        self.log.lines_with(show);
    }

    /// Shows what happens below the connection to the server.
    pub(super) fn server_step(&mut self, step: &Step) {
        self.log.turn_to(Some(Side::Server));
        self.log.event(&Event::Step(step), Instant::now());
        self.log.turn_to(None);
    }

    /// Shows what has happened below the connection to the server since the last call.
    pub(super) fn server_steps(&mut self, server: &mut dyn Transport) {
        while server.has_event() {
            match server.take_event() {
                Some(Carried::Step(step)) => self.server_step(&step),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Ready while more can be reported.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.log.poll_room(cx)
    }

    /// Writes what is recorded; a failure ends the recording, not the connection.
    pub(super) fn flush(&mut self) {
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        recorder.flush();
        if let Some(complaint) = recorder.complaint() {
            self.log
                .note(Role::Error, &format!("! {}", escape_line(&complaint)));
            self.recorder = None;
        }
    }

    /// Takes what was seen from one end.
    pub(super) fn sight(&mut self, side: Side, sight: Sight<'_>, now: Instant) {
        use connection::Event::{FrameReceived, FrameSent};
        let direction = direction(side);
        self.log.turn_to(Some(side));
        match sight {
            Sight::Message(message) => self.message(side, &message, now),
            Sight::Frame(header) if self.wants_frames() => {
                let header = Box::new(*header);
                self.event(
                    &match direction {
                        Direction::Sent => FrameSent(header),
                        Direction::Received => FrameReceived(header),
                    },
                    now,
                );
            }
            Sight::Frame(_) => {}
            Sight::Ping(payload) => {
                if let Some(faults) = &self.faults[side as usize] {
                    faults.ping();
                }
                self.pinged(side, payload, now);
            }
            Sight::Pong(payload) => self.ponged(side, payload, now),
            Sight::Close(frame) => {
                if let Some(faults) = &self.faults[side as usize] {
                    faults.closed_by_peer();
                }
                self.began.get_or_insert(Began::Close(side));
                self.closes[side as usize].get_or_insert(Body(frame.clone()));
                let event = close(direction, frame);
                let event = Event::Connection(&event);
                self.log.event(&event, now);
                if !self.records_leaving[side as usize] {
                    self.record_event(&event, now);
                }
            }
            Sight::Broken(violation) => self.mistake(side, violation, now),
            Sight::Lost(why) => {
                let side = side.name();
                self.log.note(Role::Warning, &format!(
                    "! compressed messages from the {side} are neither shown nor recorded from here on: {why}; they pass on"
                ));
            }
        }
    }

    fn event(&mut self, event: &connection::Event<'_>, now: Instant) {
        let event = Event::Connection(event);
        self.log.event(&event, now);
        self.record_event(&event, now);
    }

    fn record_event(&mut self, event: &Event<'_>, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event, &self.opening, self.number, None, now);
        }
    }

    /// A broken rule, which passes on; the log shows the first of a kind.
    fn mistake(&mut self, side: Side, violation: Violation, now: Instant) {
        let kind = discriminant(&violation.rule);
        let counts = &mut self.mistakes[side as usize];
        let at = counts.iter().position(|(other, _)| *other == kind);
        let at = at.unwrap_or_else(|| {
            counts.push((kind, 0));
            counts.len() - 1
        });
        let count = &mut counts[at].1;
        *count = count.saturating_add(1);
        let is_last = *count == SHOWN_MISTAKES;
        let is_shown = *count <= SHOWN_MISTAKES;
        let rule = violation.rule;
        let event = connection::Event::Tolerated(Box::new(violation));
        if is_shown {
            self.event(&event, now);
        } else {
            let event = Event::Connection(&event);
            self.log.unshown(&event, now);
            self.record_event(&event, now);
        }
        if is_last {
            let side = side.name();
            let text = format!("! more of these from the {side} pass on and are not shown: {rule}");
            self.log.note(Role::Warning, &text);
        }
    }

    /// A message has come, which is recorded when it leaves.
    pub(super) fn message_waits(&mut self, side: Side, seen: &Watched<'_>, now: Instant) {
        self.log.turn_to(Some(side));
        let message = Message::whole(seen.kind, seen.payload, seen.deflated);
        self.show(side, &message, now);
        if !self.records_leaving[side as usize] {
            self.record(side, &message, now);
        }
    }

    /// Records what has left.
    fn record_left(&mut self, side: Side, message: &Message<'_>, now: Instant) {
        if self.records_leaving[side as usize] {
            self.record(side, message, now);
        }
    }

    fn message(&mut self, side: Side, seen: &Watched<'_>, now: Instant) {
        let direction = direction(side);
        if !seen.is_whole() {
            let is_readable = seen.is_plain && seen.kind == Kind::Text;
            let start = if is_readable { seen.payload } else { &[] };
            let start = &start[..start.len().min(START)];
            self.log
                .start_of_message(direction, seen.kind, start, seen.size, now);
            // That no other can be inflated has been said once.
            if seen.is_plain && (self.recorder.is_some() || self.log.has_events()) {
                let amount = quantity::size(seen.size);
                let text =
                    format!("! a message of {amount} is not recorded; --max-message allows more");
                self.log.note(Role::Warning, &text);
            }
            return;
        }
        let message = Message::whole(seen.kind, seen.payload, seen.deflated);
        self.show(side, &message, now);
        self.record(side, &message, now);
    }

    fn show(&mut self, side: Side, message: &Message<'_>, now: Instant) {
        match direction(side) {
            Direction::Sent => self.log.sent(message, now),
            Direction::Received => {
                let event = connection::Event::Message(*message);
                self.log.event(&Event::Connection(&event), now);
            }
        }
    }

    fn record(&mut self, side: Side, message: &Message<'_>, now: Instant) {
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        self.number += 1;
        match direction(side) {
            Direction::Sent => recorder.sent(message, self.number, None, now),
            Direction::Received => {
                let event = connection::Event::Message(*message);
                self.record_event(&Event::Connection(&event), now);
            }
        }
    }

    fn pinged(&mut self, side: Side, payload: &[u8], now: Instant) {
        self.ping(side, payload, now);
        let event = match direction(side) {
            Direction::Sent => connection::Event::Sent(Control::Ping(payload.to_vec())),
            Direction::Received => connection::Event::Ping {
                payload,
                answer: AutoPong::NotOurs,
            },
        };
        self.event(&event, now);
    }

    fn ponged(&mut self, side: Side, payload: &[u8], now: Instant) {
        let rtt = self.answered(side, payload, now);
        let event = match direction(side) {
            Direction::Sent => connection::Event::Sent(Control::Pong(payload.to_vec())),
            Direction::Received => connection::Event::Pong { payload, rtt },
        };
        self.event(&event, now);
    }

    fn wants_frames(&self) -> bool {
        self.recorder.is_some() || self.log.wants_frames()
    }

    fn ping(&mut self, side: Side, payload: &[u8], now: Instant) {
        let pings = &mut self.pings[side as usize];
        if pings.len() == REMEMBERED_PINGS {
            pings.pop_front();
        }
        pings.push_back((payload.to_vec(), now));
    }

    /// The time since the ping that a pong from `side` answers; older pings count as answered.
    fn answered(
        &mut self,
        side: Side,
        payload: &[u8],
        now: Instant,
    ) -> Option<std::time::Duration> {
        let pings = &mut self.pings[side.other() as usize];
        let index = pings.iter().position(|(sent, _)| sent == payload)?;
        let (_, at) = pings.drain(..=index).next_back()?;
        Some(now.saturating_duration_since(at))
    }

    pub(super) fn fault(&mut self, text: &str) {
        let now = self.now();
        self.log.turn_to(None);
        let event = Event::Fault(text);
        self.log.event(&event, now);
        self.record_event(&event, now);
    }

    /// Shows and records what became of messages from `side` that were touched.
    pub(super) fn notes(&mut self, side: Side, notes: Vec<Note>) {
        for note in notes {
            match note {
                Note::Mark(text) => self.fault(&text),
                Note::Wanted(text) => self.wanted(&text, &text),
                // The row above the prompt counts them when the view continues.
                Note::Behind(_) if self.log.is_paused() => {}
                Note::Fact(text) | Note::Behind(text) => {
                    self.log.note(Role::Fact, &format!("* {text}"));
                }
                Note::Warning(text) => self.log.note(Role::Warning, &format!("! {text}")),
                Note::Fate(number, fate) => self.log.fate(number, fate),
                Note::Left(Plain {
                    kind,
                    payload,
                    deflated,
                }) => {
                    let message = Message::whole(kind, &payload, deflated);
                    self.record_left(side, &message, self.now());
                }
                Note::Closed if !self.records_leaving[side as usize] => {}
                Note::Closed => {
                    let frame = self.closes[side as usize].clone().and_then(|it| it.0);
                    let event = close(direction(side), frame);
                    self.record_event(&Event::Connection(&event), self.now());
                }
                Note::Discarded(number) => self.discarded(side, number),
                Note::Edited {
                    number,
                    before,
                    after,
                } => self.edited(side, number, &before, &after),
            }
        }
    }

    /// Nothing more is sent as if from `side`.
    pub(super) fn note_late(&self, side: Side) {
        let text = format!("! not sent: the {} has ended its stream", side.name());
        self.log.note(Role::Error, &text);
    }

    /// Messages that are held, and those that wait, never leave.
    pub(super) fn thrown_away(&self, side: Side, (held, waiting): &(Vec<u64>, Vec<u64>)) {
        for number in held.iter().chain(waiting) {
            self.log.fate(*number, Some(Fate::NeverLeft));
        }
        if held.is_empty() {
            return;
        }
        let mut messages = quantity::plural(held.len() as u64, "held message");
        if !waiting.is_empty() {
            messages = format!("{messages} and {} behind", waiting.len());
        }
        let text = format!("! {messages} from the {} never left", side.name());
        self.log.note(Role::Warning, &text);
    }

    /// TLS ended without its own end, as a connection does that is cut.
    pub(super) fn note_cut(&mut self, side: Side) {
        let text = format!("! the {} ended TLS without close_notify", side.name());
        self.log.note(Role::Warning, &text);
    }

    /// The other end takes nothing of what came from `side`.
    pub(super) fn stalled(&self, side: Side, waiting: usize) {
        let (other, waiting) = (side.other().name(), quantity::size(waiting as u64));
        let side = side.name();
        let text = format!(
            "! the {other} reads nothing: {waiting} wait for it, and the {side} is not read"
        );
        self.log.note(Role::Warning, &text);
    }
}

/// A Close frame.
fn close(direction: Direction, frame: Option<CloseFrame>) -> connection::Event<'static> {
    match direction {
        Direction::Sent => connection::Event::Sent(Control::Close(frame)),
        Direction::Received => connection::Event::Close(frame),
    }
}

/// As the client sees it.
fn direction(side: Side) -> Direction {
    match side {
        Side::Client => Direction::Sent,
        Side::Server => Direction::Received,
    }
}
