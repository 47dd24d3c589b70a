//! A short tour of the protocol, played against an echo server when there is nobody to type.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::event::{Cause, Ending, Event};
use crate::proto::connection::{self, Message};
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::proto::sender::{Closing, Sender};
use crate::record::Recorder;
use crate::render::escape::escape_line;
use crate::render::{Human, Jsonl};
use crate::session::{Mode, Signals, Stop, Turn};
use crate::term;

/// Plays one step after the other, each when the answer to the one before has come.
#[derive(Debug)]
pub struct Tour {
    human: Human,
    events: Option<Jsonl>,
    recorder: Option<Recorder>,
    signals: Signals,
    max_time: Option<(Duration, Instant)>,
    next: usize,
    answered: bool,
}

/// The steps of the tour, in order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Message(Kind, &'static [u8]),
    Fragments(&'static str, &'static str),
    Ping(&'static str),
}

const STEPS: [Step; 5] = [
    Step::Message(Kind::Text, b"hello"),
    Step::Message(
        Kind::Text,
        br#"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"channels":["trades","book"],"depth":10,"snapshot":true}}"#,
    ),
    Step::Message(Kind::Binary, b"\x00\x01\x02\x03 binary \xde\xad\xbe\xef \xff"),
    Step::Fragments("one message ", "in two frames"),
    Step::Ping("are you there?"),
];

impl Tour {
    /// A tour that is shown by `human` on standard error, and ends early at a signal or when its time is over.
    ///
    /// With `events` these are printed on standard output.
    pub fn new(
        human: Human,
        events: Option<Jsonl>,
        signals: Signals,
        max_time: Option<(Duration, Instant)>,
    ) -> Self {
        Self {
            human,
            events,
            recorder: None,
            signals,
            max_time,
            next: 0,
            answered: true,
        }
    }

    /// Records everything from now on; `recorder` knows how the connection opened.
    pub fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    fn play(&mut self, step: Step, sender: &mut Sender, now: Instant) -> Result<(), Closing> {
        match step {
            Step::Message(kind, payload) => {
                let deflated = sender.message(kind, payload)?;
                let message = Message::whole(kind, payload, deflated);
                self.sent(&message, now);
            }
            Step::Fragments(first, second) => {
                let pieces = [first.as_bytes(), second.as_bytes()];
                let deflated = sender.fragments(Kind::Text, pieces.into_iter())?;
                let whole = pieces.concat();
                let message = Message::whole(Kind::Text, &whole, deflated);
                self.sent(&message, now);
            }
            Step::Ping(payload) => sender.ping(payload.as_bytes(), now)?,
        }
        Ok(())
    }

    /// Prints lines of events.
    pub fn print(&self, lines: &[u8]) {
        // The tour is shown on standard error all the same.
        let _ = term::stdout(lines);
    }

    /// Records and prints the last event, which says `message`.
    pub fn finish(&mut self, ending: &Ending, message: &str, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.closed(ending, message, now);
        }
        self.flush_recording();
        if let Some(events) = &self.events {
            let mut line = Vec::new();
            // A Vec takes all.
            let _ = events.closed(&mut line, ending, message, now);
            self.print(&line);
        }
    }

    fn flush_recording(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.flush();
            if let Some(complaint) = recorder.complaint() {
                term::stderr(&format!("wsee: {}\n", escape_line(&complaint)));
            }
        }
    }

    fn sent(&mut self, message: &Message<'_>, now: Instant) {
        self.show(|human, out| human.sent(out, message, now));
        if let Some(events) = &self.events {
            let mut line = Vec::new();
            let _ = events.sent(&mut line, message, now);
            self.print(&line);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(message, now);
        }
    }

    fn show(&mut self, write: impl FnOnce(&mut Human, &mut String)) {
        let mut text = String::new();
        write(&mut self.human, &mut text);
        if !text.is_empty() {
            term::stderr(&text);
        }
    }
}

impl Mode for Tour {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        let now = turn.now;
        self.show(|human, out| human.event(out, &event, now));
        if let Some(events) = &mut self.events {
            let mut line = Vec::new();
            let _ = events.event(&mut line, &event, now);
            self.print(&line);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.event(&event, now);
        }
        self.answered |= matches!(
            event,
            Event::Connection(
                connection::Event::Message(Message { end: true, .. })
                    | connection::Event::Pong { .. }
            )
        );
    }

    fn poll_input(&mut self, _: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        if !self.answered {
            return false;
        }
        let Some(&step) = STEPS.get(self.next) else {
            return false;
        };
        self.next += 1;
        self.answered = false;
        self.play(step, turn.sender, turn.now).is_ok()
    }

    fn poll_output(&mut self, _: &mut Context<'_>) -> Poll<()> {
        self.flush_recording();
        Poll::Ready(())
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        let close = Some(CloseFrame::new(CloseCode::NORMAL, ""));
        if let Poll::Ready(signal) = self.signals.poll(cx) {
            return Poll::Ready(Stop::signal(signal, close));
        }
        if let Some((limit, _)) = self.max_time.take_if(|(_, deadline)| *deadline <= now) {
            return Poll::Ready(Stop::promptly(Cause::MaxTime(limit), close));
        }
        if self.answered && self.next == STEPS.len() {
            self.answered = false;
            let close = CloseFrame::new(CloseCode::NORMAL, "end of the tour");
            return Poll::Ready(Stop::new(Cause::Quit, Some(close)));
        }
        Poll::Pending
    }

    fn deadline(&self) -> Option<Instant> {
        self.max_time.map(|(_, deadline)| deadline)
    }

    fn complete(&mut self, ending: &mut Ending) {
        ending.unrecorded = self.recorder.as_ref().is_some_and(Recorder::has_failed);
    }

    fn wants_frames(&self) -> bool {
        let is_recorded = self.recorder.is_some();
        self.human.show.frames
            || is_recorded
            || self.events.as_ref().is_some_and(Jsonl::wants_frames)
    }
}
