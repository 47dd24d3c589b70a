//! The pipe: standard input to the socket, messages to standard output.

pub mod encoding;
mod endless;
pub mod input;
mod mode;
mod offline;
mod on_top;
pub mod output;
mod print;
mod send;
mod source;
mod tally;
mod value;

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

pub use encoding::{Encoding, EncodingError};
use endless::Endless;
pub use input::{Input, Split};
pub use output::{Format, Output, Terminator};
use print::Printer;
use source::Source;
use tally::Tally;

use crate::command::Outgoing;
use crate::event::{Cause, Ending};
use crate::filter::Filter;
use crate::observe::{Observers, Outlet};
use crate::outbox::{Every, Outbox};
use crate::proto::connection::Message;
use crate::proto::frame::CloseFrame;
use crate::record::Play;
use crate::render::Style;
use crate::render::quantity;
use crate::session::{Signals, Stop, Turn};
use crate::speaker::Speaker;
use crate::term::Stdout;

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Options {
    pub split: Split,
    pub encoding: Encoding,
    pub format: Format,
    pub jsonl: bool,
    pub filter: Option<Rc<Filter>>,
    /// Sent before standard input.
    pub send: Vec<Outgoing>,
    pub every: Vec<Every>,
    /// Sent instead of standard input.
    pub play: Option<Play>,
    /// Print differences from the recorded answers instead of payloads, in this style.
    pub diff: Option<Style>,
    /// How long to wait for messages after the end of input; `None` for forever.
    pub wait: Option<Duration>,
    /// Whether a protocol on top that has all its answers ends the wait.
    pub until_answered: bool,
    /// End after this many messages that pass the filter.
    pub count: Option<u64>,
    pub echo: bool,
    pub reads_stdin: bool,
    pub commands: bool,
    /// Standard error leads where standard output does, so that notes keep their place between messages.
    pub joined: bool,
    /// The input is a script for a spectator: each line waits for the reply to the previous one, and
    /// messages are shown on standard error only.
    pub is_demo: bool,
    pub close: Option<CloseFrame>,
    pub max_time: Option<(Duration, Instant)>,
}

/// How long the answers of a protocol on top may take after the end of input, unless the user says how long: the
/// limit of its greeting, after which a server is not slow but silent.
const ANSWER: Duration = Duration::from_secs(20);

/// How long to wait for the reader of standard output after a signal or timeout.
const HURRY: Duration = Duration::from_secs(1);

impl Options {
    pub fn needs_input(&self) -> bool {
        self.send.is_empty() && self.every.is_empty() && self.count.is_none() && !self.echo
    }
}

#[derive(Debug)]
pub struct Pipe {
    options: Options,
    observers: Observers,
    signals: Signals,
    outbox: Outbox,
    speaker: Option<Speaker>,
    source: Source,
    printer: Printer,
    /// When a message was last sent or received; `None` without a connection.
    active: Option<Instant>,
    tally: Tally,
    /// Whether a message that is not of the protocol on top came, and that was noted.
    noted_foreign: bool,
    /// Says once that messages keep coming.
    endless: Endless,
    /// Why to end, for the driver to collect.
    cause: Option<Cause>,
    stop: Option<Stop>,
}

impl Pipe {
    /// A pipe from `input` to standard output; needs a tokio runtime.
    ///
    /// `lines` is the `--jsonl` output of the opening.
    pub fn open(
        options: Options,
        input: Option<Input>,
        mut speaker: Option<Speaker>,
        signals: Signals,
        mut observers: Observers,
        lines: &[u8],
        now: Instant,
    ) -> io::Result<Self> {
        let had_any = !options.send.is_empty() || !options.every.is_empty();
        let (send, every) = (options.send.clone(), options.every.clone());
        let mut outbox = Outbox::new(send, every, options.play.clone());
        outbox.start(now);
        if let Some(speaker) = &mut speaker {
            speaker.opened(now);
        }
        let mut printer = Printer::new(&options, Stdout::open()?);
        printer.output.extend(lines);
        if options.joined {
            observers.view.hand_over(Outlet::Stdout);
        }
        Ok(Self {
            outbox,
            speaker,
            printer,
            signals,
            source: Source::new(input, had_any),
            observers,
            active: Some(now),
            tally: Tally::new(options.count),
            noted_foreign: false,
            endless: Endless::new(&options),
            cause: None,
            stop: None,
            options,
        })
    }

    pub fn observers(&mut self) -> &mut Observers {
        &mut self.observers
    }

    fn message(&mut self, message: &Message<'_>, turn: &mut Turn<'_>) {
        if self.tally.has_enough() {
            return;
        }
        self.active = Some(turn.now);
        if self.options.echo {
            self.echo(message, turn);
        }
        let printed = match self.printer.message(message, &mut self.observers.view) {
            Ok(printed) => printed,
            Err(error) => {
                self.cause = Some(Cause::input(&error));
                true
            }
        };
        if message.end {
            self.count(printed);
        }
    }

    /// Counts a message, which was printed or filtered out.
    fn count(&mut self, is_printed: bool) {
        if self.tally.add(is_printed) {
            self.cause.get_or_insert(Cause::Count(self.tally.counted));
        }
    }

    fn is_input_over(&self) -> bool {
        self.source.had_any && self.has_said_all()
    }

    fn has_said_all(&self) -> bool {
        let is_over = self.source.input.is_none() && self.outbox.is_done();
        is_over && !self.options.echo && self.is_ready()
    }

    fn wait_ends(&self) -> Option<Instant> {
        // `--subscribe` asks for something without any input.
        if self.is_answered() && self.has_said_all() {
            return self.active.max(self.source.paused);
        }
        let wait = self.wait();
        let wait = wait.filter(|_| self.is_input_over() || self.is_blocked())?;
        Some(self.active? + wait).max(self.source.paused)
    }

    /// Whether the protocol on top has all its answers, which ends the wait.
    fn is_answered(&self) -> bool {
        self.pending() == Some(0) && self.options.until_answered
    }

    fn pending(&self) -> Option<usize> {
        self.speaker.as_ref().and_then(Speaker::pending)
    }

    /// Whether the protocol on top takes no more input before something is answered.
    fn is_blocked(&self) -> bool {
        let speaker = self.speaker.as_ref().filter(|it| it.is_ready());
        speaker.is_some_and(|it| !it.has_room())
    }

    /// How long nothing may come after the end of input, or before more of it.
    fn wait(&self) -> Option<Duration> {
        let wait = self.options.wait?;
        let is_open = self.options.until_answered && self.pending() > Some(0);
        // Whether that is the last of the input is known once the protocol takes more.
        let is_open = is_open || wait.is_zero() && self.is_blocked();
        Some(if is_open { wait.max(ANSWER) } else { wait })
    }

    /// The cause of an orderly end, unless something failed that was asked for.
    fn judged(&self, cause: Cause) -> Cause {
        let is_orderly = matches!(cause, Cause::EndOfInput | Cause::Count(_));
        let speaker = self.speaker.as_ref().filter(|_| is_orderly);
        speaker.and_then(Speaker::verdict).unwrap_or(cause)
    }

    fn end_of_input(&mut self) -> Cause {
        let speaker = self.speaker.as_ref();
        if let Some(speaker) = speaker.filter(|it| it.verdict().is_none())
            && let Some(wait) = self.wait().filter(|wait| !wait.is_zero())
            && let Some(cause) = speaker.unanswered(wait)
        {
            return cause;
        }
        let expects_reply =
            self.tally.received == 0 && !self.source.sent_nothing && !self.is_answered();
        if expects_reply && self.options.wait > Some(Duration::ZERO) {
            let wait = quantity::duration(self.options.wait.unwrap_or_default());
            let end = match (&self.options.play, self.options.count) {
                (Some(_), _) => "the recording; --wait 30s waits longer",
                (None, Some(_)) => "input; without --wait it is awaited",
                (None, None) => "input; -1 waits for one, --wait 30s waits longer",
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
            // Lost output outweighs any other reason to end.
            _ => self.cause = Some(Cause::Write(error.to_string())),
        }
    }

    /// Prints what was noted, if it goes to standard output.
    #[inline]
    fn place_notes(&mut self) {
        let notes = self.observers.view.text();
        if !notes.is_empty() {
            self.printer.output.extend(notes.as_bytes());
            notes.clear();
        }
    }

    fn unwritten(&self) -> usize {
        self.printer.unwritten() + self.observers.unwritten()
    }

    /// Reports the end, with `message` as its summary, and waits until everything is printed.
    ///
    /// It does not wait for a reader that is stuck when the user wants to end, nor after another signal.
    pub async fn finish(&mut self, ending: &Ending, message: &str, now: Instant) -> io::Result<()> {
        let is_lost = matches!(ending.cause, Some(Cause::Write(_) | Cause::OutputClosed));
        let lines = (!is_lost).then_some(&mut self.printer.output);
        self.observers.closed(ending, message, lines, now);
        self.place_notes();
        if is_lost || self.printer.output.unwritten() == 0 {
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
