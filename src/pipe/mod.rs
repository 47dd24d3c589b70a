//! The pipe: standard input to the socket, messages to standard output.

pub mod encoding;
pub mod input;
mod mode;
mod offline;
pub mod output;
mod print;
mod send;
mod values;

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

pub use encoding::{Encoding, EncodingError};
pub use input::{Input, Split};
pub use output::{Format, Output, Terminator};
use print::Printer;

use crate::command::Outgoing;
use crate::event::{Cause, Ending};
use crate::filter::Filter;
use crate::observe::Observers;
use crate::outbox::{Every, Outbox};
use crate::proto::connection::Message;
use crate::proto::frame::CloseFrame;
use crate::record::Play;
use crate::render::Style;
use crate::render::quantity;
use crate::session::{Signals, Stop, Turn};
use crate::term::Stdout;

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
    /// The input is a script for a spectator: each line waits for the answer to the one before, and
    /// messages are shown instead of printed.
    pub is_demo: bool,
    /// What our Close frame says.
    pub close: Option<CloseFrame>,
    /// End after this time, of which the deadline is left.
    pub max_time: Option<(Duration, Instant)>,
}

/// How long the reader of standard output may take over the last line when the user does not want to wait.
const HURRY: Duration = Duration::from_secs(1);

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
    observers: Observers,
    signals: Signals,
    outbox: Outbox,
    /// `None` when it is not read, or was read to its end.
    input: Option<Input>,
    printer: Printer,
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
}

impl Pipe {
    /// A pipe from `input`, unless that is not to be read, to standard output; needs a tokio runtime.
    ///
    /// `lines` are what `--jsonl` has for the opening.
    pub fn open(
        options: Options,
        input: Option<Input>,
        signals: Signals,
        observers: Observers,
        lines: &[u8],
        now: Instant,
    ) -> io::Result<Self> {
        let had_input = !options.send.is_empty() || !options.every.is_empty();
        let (send, every) = (options.send.clone(), options.every.clone());
        let mut outbox = Outbox::new(send, every, options.play.clone());
        outbox.start(now);
        let mut printer = Printer::new(&options, Stdout::open()?);
        printer.output.extend(lines);
        Ok(Self {
            outbox,
            printer,
            signals,
            input,
            observers,
            active: Some(now),
            had_input,
            received: 0,
            counted: 0,
            cause: None,
            stop: None,
            options,
        })
    }

    pub fn observers(&mut self) -> &mut Observers {
        &mut self.observers
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
        let printed = match self.printer.message(message, &mut self.observers.view) {
            Ok(printed) => printed,
            Err(error) => {
                self.cause = Some(Cause::Input(error.to_string()));
                true
            }
        };
        self.received += u64::from(message.end);
        self.counted += u64::from(message.end && printed);
        if self.options.count == Some(self.counted) {
            self.cause.get_or_insert(Cause::Count(self.counted));
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

    fn end_of_input(&mut self) -> Cause {
        if self.received == 0 && self.options.wait > Some(Duration::ZERO) {
            let wait = quantity::duration(self.options.wait.unwrap_or_default());
            let end = match self.options.play {
                Some(_) => "the recording; --wait 30s waits longer",
                None => "input; --wait 30s waits longer, --count 1 for one reply",
            };
            let view = &mut self.observers.view;
            view.note(&format!("no reply within {wait} after the end of {end}"));
        }
        Cause::EndOfInput
    }

    fn write_failed(&mut self, error: &io::Error) {
        self.printer.output.discard();
        match error.kind() {
            io::ErrorKind::BrokenPipe => {
                self.cause.get_or_insert(Cause::OutputClosed);
            }
            // Lost output counts more than any other reason to end.
            _ => self.cause = Some(Cause::Write(error.to_string())),
        }
    }
    /// Bytes of received messages that were not printed.
    fn unwritten(&self) -> usize {
        self.printer.unwritten() + self.observers.unwritten()
    }

    /// Records and prints the last event, which says `message`, and waits until all is printed.
    ///
    /// It is not waited for when the reader takes nothing and the user wants to end, or at another signal.
    pub async fn finish(&mut self, ending: &Ending, message: &str, now: Instant) -> io::Result<()> {
        let is_lost = matches!(ending.cause, Some(Cause::Write(_) | Cause::OutputClosed));
        let lines = (!is_lost).then_some(&mut self.printer.output);
        self.observers.closed(ending, message, lines, now);
        if is_lost || !self.observers.has_lines() && !self.printer.prints_at_end() {
            return Ok(());
        }
        let patience = match ending.cause {
            _ if ending.unwritten > 0 => Duration::ZERO,
            Some(Cause::Signal(_) | Cause::MaxTime(_)) => HURRY,
            _ => Duration::MAX,
        };
        let (output, signals) = (&mut self.printer.output, &mut self.signals);
        let written = poll_fn(|cx| {
            if output.poll_hang_up(cx).is_ready() || signals.poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            output.poll_flush(cx)
        });
        tokio::time::timeout(patience, written)
            .await
            .unwrap_or(Ok(()))
    }
}
