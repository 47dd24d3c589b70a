//! What a pipe sends: `--send`, `--every`, a recording, standard input, echoes.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::encoding::{Encoding, EncodingError, is_incomplete_json, utf8};
use super::{Input, Output, Pipe};
use crate::command::{self, COMMANDS, Command, CommandError, Outgoing};
use crate::diagnostic::Diagnostic;
use crate::duration;
use crate::event::Cause;
use crate::observe::Observers;
use crate::ontop::Seen;
use crate::outbox::{self, Outbox, SendError, SendObserver};
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::session::mode::CloseMode;
use crate::session::{Stop, Turn};
use crate::speaker::{Listener, Said, Speaker};

#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("{0} works at the prompt only")]
    PromptOnly(String),
    #[error("/wait needs a time")]
    Wait,
}

impl Diagnostic for InputError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Encoding(error) => error.hint(),
            // The prompt would list them with /help.
            Self::Command(CommandError::Unknown { name }) => {
                let names = COMMANDS.iter().map(|usage| usage.name);
                let near = command::nearest(name, names);
                let near = near.map(|near| format!("did you mean /{near}? "));
                let near = near.unwrap_or_default();
                Some(format!(
                    "{near}--commands in wsee --help lists them; //{name} sends the text \"/{name}\""
                ))
            }
            Self::Command(error) => error.hint(),
            Self::Wait => Some("for example /wait 500ms".to_owned()),
            Self::Send(error) => error.hint(),
            Self::PromptOnly(_) => None,
        }
    }
}

/// The time of `/wait TIME`, which is no command of the prompt: there, people wait by themselves.
fn wait(line: &str) -> Option<Result<Duration, InputError>> {
    let rest = line.strip_prefix("/wait")?;
    let is_command = rest.is_empty() || rest.starts_with(char::is_whitespace);
    is_command.then(|| duration::parse(rest.trim()).map_err(|_| InputError::Wait))
}

pub(super) struct Observer<'p> {
    observers: &'p mut Observers,
    output: &'p mut Output,
    active: &'p mut Option<Instant>,
    stop: &'p mut Option<Stop>,
    speaker: Option<&'p mut Speaker>,
    /// What the protocol on top received, for the pipe to print.
    pub(super) heard: Vec<Rc<Seen>>,
    /// The next message only keeps the session alive.
    is_keepalive: bool,
}

impl SendObserver for Observer<'_> {
    #[inline]
    fn sent(&mut self, message: &Message<'_>, now: Instant) {
        if !std::mem::take(&mut self.is_keepalive) {
            *self.active = Some(now);
        }
        self.observers.sent(message, Some(self.output), now);
    }

    fn misbehaved(&mut self, command: &'static str, now: Instant) {
        self.observers.reaction.sent(command, now);
    }

    fn end(&mut self, how: CloseMode) {
        let cause = Cause::Quit;
        *self.stop = Some(Stop { cause, how });
    }

    fn say(&mut self, line: &str, turn: &mut Turn<'_>) -> Result<(), SendError> {
        let Some(speaker) = self.speaker.take() else {
            return outbox::message(Kind::Text, line.as_bytes(), turn, self);
        };
        let said = speaker.say(Said::Line(line), turn, self);
        self.speaker = Some(speaker);
        said
    }
}

impl Listener for Observer<'_> {
    fn annotate(&mut self, seen: Vec<Rc<Seen>>) {
        self.is_keepalive = !seen.is_empty() && seen.iter().all(|it| it.is_keepalive);
        self.observers.annotate(seen);
    }

    fn heard(&mut self, seen: &Rc<Seen>, _: Instant) {
        self.heard.push(Rc::clone(seen));
    }

    fn note(&mut self, text: &str) {
        self.observers.view.note(text);
    }

    fn hint(&mut self, text: &str) {
        self.observers.view.hint(text);
    }
}

impl Pipe {
    #[inline]
    pub(super) fn sending(&mut self) -> (&mut Outbox, Observer<'_>) {
        let observer = Observer {
            observers: &mut self.observers,
            output: &mut self.printer.output,
            active: &mut self.active,
            stop: &mut self.stop,
            speaker: self.speaker.as_mut(),
            heard: Vec::new(),
            is_keepalive: false,
        };
        (&mut self.outbox, observer)
    }

    pub(super) fn fill(&mut self, turn: &mut Turn<'_>) -> bool {
        let was_playing = self.outbox.is_playing();
        let (outbox, mut observer) = self.sending();
        let filled = outbox.fill(turn, &mut observer);
        if was_playing && !self.outbox.is_playing() {
            // The last replies may still arrive; a recording that sends nothing ends as well.
            self.active = Some(turn.now);
            self.source.had_any = true;
        }
        filled.unwrap_or_else(|error| {
            self.cause = Some(Cause::input(&error));
            true
        })
    }

    pub(super) fn send_input(
        &mut self,
        input: &mut Input,
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
    ) -> bool {
        let mut moved = false;
        while self.cause.is_none()
            && self.stop.is_none()
            && self.source.paused.is_none()
            && self.has_room(turn)
        {
            if self.options.is_demo && input.record() > self.tally.received {
                break;
            }
            if let Some(record) = input.next_record() {
                moved = true;
                self.source.had_any = true;
                let sent = if self.options.commands {
                    self.execute(record, turn)
                } else {
                    self.send(record, turn)
                };
                if let Err(error) = sent {
                    let place = format!("{} {}", self.options.split.unit(), input.record());
                    self.cause = Some(Cause::Input {
                        problem: match &error {
                            InputError::Encoding(EncodingError::CutOff) => {
                                format!("{place} {error}")
                            }
                            error => format!("{place}, {error}"),
                        },
                        hint: error.hint(),
                    });
                }
                continue;
            }
            match input.poll_read(cx) {
                Poll::Ready(Ok(true)) => {
                    moved = true;
                    if input.take_mark() {
                        let note = "stdin starts with a byte order mark, which is not sent";
                        self.observers.view.note(note);
                    }
                    if input.record() == 0 {
                        self.note_incomplete(input);
                    }
                }
                Poll::Ready(Ok(false)) | Poll::Pending => break,
                Poll::Ready(Err(error)) => self.cause = Some(Cause::input(&error)),
            }
        }
        moved
    }

    #[inline]
    fn send(&mut self, record: &[u8], turn: &mut Turn<'_>) -> Result<(), InputError> {
        if self.speaker.is_some() {
            return self.say(Said::Record(utf8(record)?), turn);
        }
        if let Some((kind, payload)) = self.options.encoding.decode(record)? {
            let (_, mut observer) = self.sending();
            outbox::message(kind, &payload, turn, &mut observer)?;
        } else {
            self.source.skipped += 1;
        }
        Ok(())
    }

    /// Notes that the first line is the start of a JSON value that continues on the next.
    fn note_incomplete(&mut self, input: &Input) {
        let is_text = self.options.encoding == Encoding::Text && !self.options.commands;
        let line = input.first_line().filter(|_| is_text);
        if line.is_some_and(is_incomplete_json) {
            self.observers.view.note(
                "line 1 is an incomplete JSON value; --split json sends each value as one message",
            );
        }
    }

    /// Notes at the end of the input that none of its `records` was a message.
    pub(super) fn note_skipped(&mut self, records: u64) {
        let is_alone = self.options.send.is_empty() && self.options.every.is_empty();
        if is_alone && let Some(note) = self.source.note_skipped(records) {
            self.observers.view.note(&note);
        }
    }

    fn execute(&mut self, record: &[u8], turn: &mut Turn<'_>) -> Result<(), InputError> {
        let line = String::from_utf8_lossy(utf8(record)?);
        if let Some(time) = wait(&line) {
            self.source.paused = Some(turn.now + time?);
            return Ok(());
        }
        if let Some((verb, arguments)) = self.speaker.as_ref().and_then(|it| it.verb(&line)) {
            return self.say(Said::Verb(verb, arguments), turn);
        }
        let outgoing = match command::parse(&line)? {
            Command::Nothing => Outgoing::Line(String::new()),
            Command::Outgoing(outgoing) => outgoing,
            Command::Quit => {
                let close = self.options.close.clone();
                self.stop.get_or_insert(Stop::new(Cause::Quit, close));
                return Ok(());
            }
            Command::Prompt(_) => return Err(InputError::PromptOnly(line.into_owned())),
        };
        self.active = Some(turn.now);
        let (outbox, mut observer) = self.sending();
        Ok(outbox.send(&outgoing, turn, &mut observer)?)
    }

    pub(super) fn echo(&mut self, message: &Message<'_>, turn: &mut Turn<'_>) {
        if let Some(answer) = outbox::echo(message, turn) {
            let (_, mut observer) = self.sending();
            observer.sent(&answer, turn.now);
        }
    }
}
