//! The pipe: standard input to the socket, messages to standard output.

pub mod encoding;
mod events;
mod filter;
pub mod input;
mod obey;
mod offline;
pub mod output;
mod replay;
mod send;
mod values;

use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

pub use encoding::{Encoding, EncodingError};
pub use events::Events;
pub use input::{Input, Split};
pub use output::{Format, Output, Terminator};

use crate::command::probe::Probe;
use crate::command::schedule::{Every, Schedule};
use crate::event::{Cause, Ending, Event, Missed};
use crate::filter::Filter;
use crate::proto::connection::{self, Message};
use crate::proto::frame::CloseFrame;
use crate::proto::message::Kind;
use crate::proto::sender::Sender;
use crate::record::{Play, Player, Recorder};
use crate::render::dialect::hint_line;
use crate::render::escape::escape_line;
use crate::render::quantity;
use crate::render::{Dialect, Human};
use crate::session::mode::OUTPUT_FULL;
use crate::session::{Mode, Signals, Stop};
use crate::term::{self, Stdout};

/// What a pipe is to do.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Options {
    /// Where records end.
    pub split: Split,
    /// What records stand for.
    pub encoding: Encoding,
    /// What the records of `send` stand for.
    pub send_encoding: Encoding,
    /// How received messages are written.
    pub format: Format,
    /// Events are written instead.
    pub jsonl: bool,
    /// What is written of received messages.
    pub filter: Option<Rc<Filter>>,
    /// Records to send before standard input.
    pub send: Vec<Vec<u8>>,
    /// Records to send again and again.
    pub every: Vec<Every>,
    /// A recording that is sent instead of standard input.
    pub play: Option<Play>,
    /// How long to wait for messages after the end of input; `None` for ever.
    pub wait: Option<Duration>,
    /// End after so many messages that were not filtered out.
    pub count: Option<u64>,
    /// Answer every message with itself instead of reading standard input.
    pub echo: bool,
    /// Input lines that start with `/` are commands.
    pub commands: bool,
    /// What our Close frame says.
    pub close: Option<CloseFrame>,
    /// End after this time, of which the deadline is left.
    pub max_time: Option<(Duration, Instant)>,
    /// Say nothing but errors on standard error.
    pub quiet: bool,
}

impl Options {
    /// Whether there is nothing to do without standard input.
    pub fn needs_input(&self) -> bool {
        self.send.is_empty() && self.every.is_empty() && self.count.is_none() && !self.echo
    }
}

/// A session between standard input and standard output.
#[derive(Debug)]
pub struct Pipe {
    options: Options,
    human: Human,
    signals: Signals,
    send: VecDeque<Vec<u8>>,
    schedule: Schedule,
    /// `None` when there is no recording to send, or it is over.
    player: Option<Player>,
    /// `None` when it is not read, or was read to its end.
    input: Option<Input>,
    output: Output,
    /// Prints events instead of payload.
    events: Option<Events>,
    recorder: Option<Recorder>,
    /// When something was last sent or a message last came; `None` without a connection.
    active: Option<Instant>,
    sent: u64,
    /// There was input that stands for no message.
    skipped: bool,
    received: u64,
    /// Those of them that count for `--count`.
    counted: u64,
    /// Why to end, as soon as the driver asks.
    cause: Option<Cause>,
    /// How a command wants to end.
    stop: Option<Stop>,
    probe: Probe,
    dialect: Dialect,
    noted_binary: bool,
}

impl Pipe {
    /// A pipe from `input`, unless that is not to be read, to standard output; needs a tokio runtime.
    pub fn open(
        options: Options,
        input: Option<Input>,
        signals: Signals,
        human: Human,
        events: Option<Events>,
        now: Instant,
    ) -> io::Result<Self> {
        let mut schedule = Schedule::new(options.every.clone());
        schedule.start(now);
        let mut pipe = Self {
            schedule,
            player: options.play.clone().map(Player::new),
            output: Output::new(Stdout::open()?, options.format),
            events,
            recorder: None,
            signals,
            send: options.send.iter().cloned().collect(),
            input,
            human,
            active: Some(now),
            sent: 0,
            skipped: false,
            received: 0,
            counted: 0,
            cause: None,
            stop: None,
            probe: Probe::default(),
            dialect: Dialect::ignored(),
            noted_binary: false,
            options,
        };
        if let Some(events) = &mut pipe.events {
            events.start(&mut pipe.output);
        }
        Ok(pipe)
    }

    /// Takes what the opening handshake told of the protocol on top.
    pub fn listen_for(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// Records everything from now on; `recorder` knows how the connection opened.
    pub fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    /// Writes to standard error what happened, if it is to be shown.
    fn show(&mut self, event: &Event<'_>, now: Instant) {
        if !self.human.shows(event) {
            return;
        }
        let mut text = String::new();
        self.human.event(&mut text, event, now);
        if !text.is_empty() {
            term::stderr(&text);
        }
    }

    fn show_sent(&mut self, message: &Message<'_>, now: Instant) {
        if let Some(events) = &self.events {
            events.sent(&mut self.output, message, now);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(message, now);
        }
        if self.human.show.messages {
            let mut text = String::new();
            self.human.sent(&mut text, message, now);
            term::stderr(&text);
        }
    }

    fn note(&self, text: &str) {
        if !self.options.quiet {
            term::stderr(&format!("wsee: {text}\n"));
        }
    }

    /// Whether as many messages came as were to be counted.
    fn has_enough(&self) -> bool {
        self.options
            .count
            .is_some_and(|count| self.counted >= count)
    }

    fn message(&mut self, message: &Message<'_>, sender: &mut Sender, now: Instant) {
        if self.has_enough() {
            return;
        }
        self.active = Some(now);
        if self.options.echo {
            self.echo(message, sender, now);
        }
        let printed = self.print(message);
        self.received += u64::from(message.end);
        self.counted += u64::from(message.end && printed);
        if self.options.count == Some(self.counted) {
            self.cause.get_or_insert(Cause::Count(self.counted));
        }
    }

    /// Says once that a binary message stands as text among the others.
    fn note_binary(&mut self, message: &Message<'_>) {
        let as_text = self.options.format.terminator != Terminator::None;
        if message.kind == Kind::Binary && as_text && !self.noted_binary {
            self.noted_binary = true;
            let flags = match self.options.play {
                Some(_) => "--raw prints",
                None => "--raw or --binary print",
            };
            self.note(&format!(
                "a binary message is printed in base64; {flags} its bytes"
            ));
        }
    }

    /// Whether all input was sent, and there was any: without, the pipe only listens.
    fn is_input_over(&self) -> bool {
        let had_input = self.sent > 0 || self.skipped;
        self.input.is_none()
            && self.send.is_empty()
            && self.schedule.is_empty()
            && self.player.is_none()
            && had_input
            && !self.options.echo
    }

    fn wait_ends(&self) -> Option<Instant> {
        let wait = self.options.wait.filter(|_| self.is_input_over())?;
        Some(self.active? + wait)
    }

    fn end_of_input(&self) -> Cause {
        if self.received == 0 && self.options.wait > Some(Duration::ZERO) {
            let wait = quantity::duration(self.options.wait.unwrap_or_default());
            let end = match self.options.play {
                Some(_) => "the recording; --wait 30s waits longer",
                None => "input; --wait 30s waits longer, --count 1 for one reply",
            };
            self.note(&format!("no reply within {wait} after the end of {end}"));
        }
        Cause::EndOfInput
    }

    /// Writes what was recorded since; a recording that cannot go on is an error also with `--quiet`.
    fn flush_recording(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.flush();
            if let Some(complaint) = recorder.complaint() {
                term::stderr(&format!("wsee: {}\n", escape_line(&complaint)));
            }
        }
    }

    /// Lets what has its time be due, or not because there is no room for it.
    fn hold(&mut self, held: bool) {
        self.schedule.hold(held);
        if let Some(player) = &mut self.player {
            player.hold(held);
        }
    }

    fn write_failed(&mut self, error: &io::Error) {
        self.output.discard();
        match error.kind() {
            io::ErrorKind::BrokenPipe => {
                self.cause.get_or_insert(Cause::OutputClosed);
            }
            // Lost output counts more than any other reason to end.
            _ => self.cause = Some(Cause::Write(error.to_string())),
        }
    }
}

impl Mode for Pipe {
    fn event(&mut self, event: Event<'_>, sender: &mut Sender, now: Instant) {
        if let Event::Connection(event) = &event
            && let Some(answer) = self.probe.answer(event, now)
        {
            self.note(&escape_line(&answer));
        }
        self.show(&event, now);
        let is_message = matches!(event, Event::Connection(connection::Event::Message(_)));
        let surplus = is_message && self.has_enough();
        if let Some(events) = self.events.as_mut().filter(|_| !surplus) {
            events.event(&mut self.output, &event, now);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.event(&event, now);
        }
        match event {
            Event::Connection(connection::Event::Message(message)) => {
                if let Some(hint) = self.dialect.message(&message) {
                    term::stderr(&hint_line(hint, self.human.style()));
                }
                self.message(&message, sender, now);
            }
            Event::Connection(connection::Event::Idle(limit)) => {
                self.cause.get_or_insert(Cause::Idle(limit));
            }
            _ => {}
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, sender: &mut Sender, now: Instant) -> bool {
        // Pings and pongs do not count: they would keep it waiting for ever.
        if sender.unwritten_data() > 0 {
            self.active = Some(now);
        }
        self.hold(true);
        if self.cause.is_some() || self.stop.is_some() || sender.is_closing() {
            return false;
        }
        let mut moved = self.send_first(sender, now);
        let has_room = self.send.is_empty() && sender.output().len() < OUTPUT_FULL;
        self.hold(!has_room);
        moved |= self.send_due(sender, now);
        moved |= self.play(sender, now);
        if self.send.is_empty()
            && let Some(mut input) = self.input.take()
        {
            moved |= self.send_input(&mut input, cx, sender, now);
            self.input = Some(input).filter(|input| !input.is_done());
        }
        moved
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.flush_recording();
        match self.output.poll_flush(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(error)) => {
                self.write_failed(&error);
                Poll::Ready(())
            }
        }
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        let close = self.options.close.clone();
        if let Poll::Ready(signal) = self.signals.poll(cx) {
            return Poll::Ready(Stop::signal(signal, close));
        }
        if self.output.poll_hang_up(cx).is_ready() {
            self.write_failed(&io::ErrorKind::BrokenPipe.into());
        }
        if let Some(silence) = self.probe.silence(now) {
            self.note(&silence);
        }
        if let Some(stop) = self.stop.take() {
            return Poll::Ready(stop);
        }
        match self.cause.take() {
            // What was sent before the fault is still answered.
            Some(cause @ Cause::Input(_)) => return Poll::Ready(Stop::new(cause, close)),
            Some(cause) => return Poll::Ready(Stop::in_a_hurry(cause, close)),
            None => {}
        }
        if let Some((limit, deadline)) = self.options.max_time
            && deadline <= now
        {
            self.options.max_time = None;
            return Poll::Ready(Stop::in_a_hurry(Cause::MaxTime(limit), close));
        }
        if self.wait_ends().is_some_and(|end| end <= now) {
            let cause = self.end_of_input();
            self.options.wait = None;
            return Poll::Ready(Stop::new(cause, close));
        }
        Poll::Pending
    }

    fn deadline(&self) -> Option<Instant> {
        let max_time = self.options.max_time.map(|(_, deadline)| deadline);
        let deadlines = [
            max_time,
            self.wait_ends(),
            self.probe.deadline(),
            self.schedule.deadline(),
            self.player.as_ref().and_then(Player::deadline),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn answers(&self) -> bool {
        self.options.echo
    }

    fn is_full(&self) -> bool {
        self.output.is_full()
    }

    fn under_way(&mut self, now: Instant) {
        self.active = Some(now);
    }

    fn wants_frames(&self) -> bool {
        self.human.show.frames
            || self.recorder.is_some()
            || self.events.as_ref().is_some_and(Events::wants_frames)
    }

    fn complete(&mut self, ending: &mut Ending) {
        let queued = self.send.len() as u64;
        let unplayed = self.player.as_mut().map_or(0, Player::unplayed);
        ending.unsent.messages = queued + unplayed + self.input.as_mut().map_or(0, Input::drain);
        ending.unwritten = self.output.unwritten();
        ending.unrecorded = self.recorder.as_ref().is_some_and(Recorder::has_failed);
        let expected = self.options.count.filter(|&count| self.counted < count);
        let got = self.counted;
        ending.missed_count = expected.map(|expected| Missed { expected, got });
    }
}
