//! The pipe: standard input to the socket, messages to standard output.

pub mod encoding;
mod events;
mod filter;
pub mod input;
mod large_message;
mod mode;
mod offline;
pub mod output;
mod replay;
mod send;
mod values;

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub use encoding::{Encoding, EncodingError};
pub use events::Events;
pub use input::{Input, Split};
use large_message::LargeMessage;
pub use output::{Format, Output, Terminator};

use crate::command::Outgoing;
use crate::command::reaction::PeerReaction;
use crate::event::{Cause, Event};
use crate::filter::Filter;
use crate::outbox::{Every, Outbox};
use crate::proto::connection::Message;
use crate::proto::frame::CloseFrame;
use crate::proto::message::Kind;
use crate::record::{Comparison, Play, Recorder};
use crate::render::escape::escape_line;
use crate::render::quantity;
use crate::render::{Dialect, Human, Style};
use crate::session::{Signals, Stop, Turn};
use crate::term::{self, Stdout};

/// What a pipe is to do.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Options {
    /// Where records end.
    pub split: Split,
    /// What records stand for.
    pub encoding: Encoding,
    /// How received messages are written.
    pub format: Format,
    /// Events are written instead.
    pub jsonl: bool,
    /// What is written of received messages.
    pub filter: Option<Rc<Filter>>,
    /// Messages to send before standard input.
    pub send: Vec<Outgoing>,
    /// Messages to send again and again.
    pub every: Vec<Every>,
    /// A recording that is sent instead of standard input.
    pub play: Option<Play>,
    /// How the answers differ from those of the recording is printed instead of them, in this style.
    pub diff: Option<Style>,
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
    outbox: Outbox,
    /// Compares the answers with those of the recording.
    comparison: Option<Comparison>,
    /// `None` when it is not read, or was read to its end.
    input: Option<Input>,
    output: Output,
    /// What is left to be printed of the last message.
    rest: Option<LargeMessage>,
    /// Prints events instead of payload.
    events: Option<Events>,
    recorder: Option<Recorder>,
    /// When something was last sent or a message last came; `None` without a connection.
    active: Option<Instant>,
    /// Whether there was anything to send: without, the pipe only listens.
    had_input: bool,
    received: u64,
    /// Those of them that count for `--count`.
    counted: u64,
    /// Why to end, as soon as the driver asks.
    cause: Option<Cause>,
    /// How a command wants to end.
    stop: Option<Stop>,
    reaction: PeerReaction,
    dialect: Dialect,
    noted_binary: bool,
    /// A filter took long: other things have their turn before the next message.
    is_late: bool,
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
        let had_input = !options.send.is_empty() || !options.every.is_empty();
        let (send, every) = (options.send.clone(), options.every.clone());
        let mut outbox = Outbox::new(send, every, options.play.clone());
        outbox.start(now);
        let comparison = options.play.as_ref().zip(options.diff);
        let comparison =
            comparison.map(|(play, style)| Comparison::new(play, options.filter.clone(), style));
        let mut pipe = Self {
            outbox,
            comparison,
            output: Output::new(Stdout::open()?, options.format),
            rest: None,
            events,
            recorder: None,
            signals,
            input,
            human,
            active: Some(now),
            had_input,
            received: 0,
            counted: 0,
            cause: None,
            stop: None,
            reaction: PeerReaction::default(),
            dialect: Dialect::ignored(),
            noted_binary: false,
            is_late: false,
            options,
        };
        if let Some(events) = &mut pipe.events {
            events.start(&mut pipe.output);
        }
        Ok(pipe)
    }

    /// Takes what the opening handshake told of the protocol on top.
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// Records everything from now on; `recorder` knows how the connection opened.
    pub fn record(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    /// Writes to standard error what happened.
    fn show(&mut self, event: &Event<'_>, now: Instant) {
        let mut text = String::new();
        self.human.event(&mut text, event, now);
        if !text.is_empty() {
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

    fn message(&mut self, message: &Message<'_>, turn: &mut Turn<'_>) {
        if self.has_enough() {
            return;
        }
        self.active = Some(turn.now);
        if self.options.echo {
            self.echo(message, turn);
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

    /// Whether all input was sent, and there was any.
    fn is_input_over(&self) -> bool {
        self.input.is_none() && self.outbox.is_done() && self.had_input && !self.options.echo
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
