//! Sending from the prompt: messages typed, queued, repeated or read from a file.

use std::rc::Rc;
use std::time::Instant;

use super::Prompt;
use super::error::LineError;
use super::stats::Stats;
use super::stopping::Stopping;
use super::transfer::{self, Transfer};
use crate::command::{Outgoing, Spoken};
use crate::console::variable::Variables;
use crate::diagnostic::one_line;
use crate::event::Cause;
use crate::observe::{NO_LINES, Observers};
use crate::ontop::Seen;
use crate::outbox::{self, Outbox, SendError, SendObserver};
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::Turn;
use crate::session::mode::CloseMode;
use crate::speaker::{Listener, Said, Speaker};
use crate::term::terminal;

/// The most messages that wait to be sent; a pasted file must not fill the memory.
const MAX_QUEUED: usize = 1000;

pub(super) struct Observer<'p> {
    observers: &'p mut Observers,
    stats: &'p mut Stats,
    stopping: &'p mut Stopping,
    transfer: Option<&'p mut Transfer>,
    variables: &'p Variables,
    speaker: Option<&'p mut Speaker>,
    /// Count and record messages, but do not show them.
    is_quiet: bool,
}

impl SendObserver for Observer<'_> {
    fn sent(&mut self, message: &Message<'_>, now: Instant) {
        let bytes = message.payload.len() as u64;
        self.stats.sent(u64::from(message.end), bytes, now);
        if let Some(transfer) = &mut self.transfer {
            transfer.sent();
        }
        // The pieces of a file are summed up after the last one.
        if message.start && message.end && !self.is_quiet {
            self.observers.sent(message, NO_LINES, now);
        } else {
            self.observers.sent_unseen(message, now);
        }
    }

    fn misbehaved(&mut self, command: &'static str, now: Instant) {
        if command == "/frame"
            && let Some(memory) = &mut self.observers.memory
        {
            memory.sends_frame();
        }
        self.observers.reaction.sent(command, now);
        let text = format!("{command} sent");
        self.observers.view.print(Role::Sent, &text);
    }

    fn end(&mut self, how: CloseMode) {
        self.stopping.end(Cause::Close, how);
    }

    fn say(&mut self, line: &str, turn: &mut Turn<'_>) -> Result<(), SendError> {
        let Some(speaker) = self.speaker.take() else {
            return outbox::message(Kind::Text, line.as_bytes(), turn, self);
        };
        let said = speaker.say(Said::Line(line), turn, self);
        self.speaker = Some(speaker);
        said
    }

    fn speak(&mut self, spoken: &Spoken, turn: &mut Turn<'_>) -> Result<(), SendError> {
        let speaker = self.speaker.take().ok_or_else(outbox::unspoken)?;
        let said = match spoken {
            Spoken::Verb { name, arguments } => Said::Verb(name, arguments),
            Spoken::Record(json) => Said::Record(json.as_bytes()),
        };
        let said = speaker.say(said, turn, self);
        self.speaker = Some(speaker);
        said
    }

    fn variable(&self, name: &str, number: u64, now: Instant) -> Option<String> {
        let time = self.observers.view.time_at(now);
        self.variables.value(name, Some(number), time)
    }
}

impl Listener for Observer<'_> {
    fn annotate(&mut self, seen: Vec<Rc<Seen>>) {
        self.observers.annotate(seen);
    }

    /// The view shows it.
    fn heard(&mut self, _: &Rc<Seen>, _: Instant) {}

    fn note(&mut self, text: &str) {
        self.observers.view.note(text);
    }

    fn hint(&mut self, text: &str) {
        self.observers.view.hint(text);
    }
}

impl Prompt {
    pub(super) fn sending(&mut self) -> (&mut Outbox, Observer<'_>) {
        let observer = Observer {
            observers: &mut self.observers,
            stats: &mut self.stats,
            stopping: &mut self.stopping,
            transfer: self.transfer.as_mut(),
            variables: &self.variables,
            speaker: self.voice.speaker.as_mut(),
            is_quiet: false,
        };
        (&mut self.outbox, observer)
    }

    pub(super) fn fill(&mut self, turn: &mut Turn<'_>) -> bool {
        if !self.is_ready() {
            self.outbox.hold(true);
            return false;
        }
        let (outbox, mut observer) = self.sending();
        let filled = outbox.fill(turn, &mut observer);
        if turn.sender.is_closing() && self.transfer.is_some() {
            self.end_transfer(false);
            return true;
        }
        let moved = filled.unwrap_or_else(|error| {
            self.send_failed(&error);
            true
        });
        self.update_transfer(turn.now);
        moved
    }

    pub(super) fn send(
        &mut self,
        outgoing: Outgoing,
        turn: Option<&mut Turn<'_>>,
    ) -> Result<(), LineError> {
        let is_open = turn.is_some();
        if self.status.is_offline() && !self.stopping.is_reconnect_requested() {
            return Err(self.offline_error());
        }
        if let Some(turn) = turn {
            if outgoing.needs_frames() && self.is_polled() {
                return Err(LineError::Polled);
            }
            // A message waits for those before it; everything else overtakes them.
            let is_early = outgoing.is_said() && !self.is_ready();
            let is_free = !outgoing.is_message() || self.outbox.has_room(turn) && !is_early;
            if is_free || turn.sender.is_closing() {
                let is_own = outgoing.is_message() && !outgoing.is_said();
                self.voice.is_beside |= self.voice.speaker.is_some() && is_own;
                let (outbox, mut observer) = self.sending();
                outbox.send(&outgoing, turn, &mut observer)?;
                if let Outgoing::Ping(_) | Outgoing::Pong(_) = outgoing
                    && !self.place.is_lent()
                {
                    let is_ping = matches!(outgoing, Outgoing::Ping(_));
                    self.observers.view.await_control(is_ping);
                }
                self.update_transfer(turn.now);
                return Ok(());
            }
        } else if !outgoing.is_message() {
            return Err(self.offline_error());
        }
        if self.outbox.queued() >= MAX_QUEUED {
            return Err(LineError::Full(MAX_QUEUED));
        }
        self.outbox.push(outgoing);
        let when = if is_open && !self.is_ready() {
            "when the session is ready"
        } else if is_open {
            "after the messages before it"
        } else {
            "on the next connection"
        };
        self.print(Role::Fact, &format!("* queued; it will be sent {when}"));
        Ok(())
    }

    /// Why what is no message is not sent without a connection.
    pub(super) fn offline_error(&self) -> LineError {
        if self.status.is_offline() && !self.stopping.is_reconnect_requested() {
            LineError::Offline
        } else {
            LineError::NotQueued
        }
    }

    pub(super) fn send_repeated(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(mut repeat) = self
            .repeat
            .take_if(|_| self.voice.speaker.as_ref().is_none_or(Speaker::is_ready))
        else {
            return false;
        };
        self.observers.view.set_answering(!self.place.is_lent());
        let (outbox, mut observer) = self.sending();
        observer.is_quiet = !repeat.is_shown();
        let sent = repeat.send(outbox, turn, &mut observer);
        self.observers.view.set_answering(false);
        let is_over = repeat.is_over() || sent.is_err();
        self.repeat = Some(repeat);
        let moved = sent.unwrap_or_else(|error| {
            self.complain(&one_line(&error));
            true
        });
        if is_over {
            self.end_repeat(turn.now);
        }
        moved
    }

    pub(super) fn end_repeat(&mut self, now: Instant) {
        let repeat = self.repeat.take();
        if let Some(text) = repeat.and_then(|repeat| repeat.summary(now)) {
            self.print(Role::Fact, &text);
        }
    }

    /// Gives up a file in progress, and reports that; `is_stopped` if the user ended it.
    pub(super) fn end_transfer(&mut self, is_stopped: bool) {
        let Some(upload) = self.outbox.cancel_upload() else {
            return;
        };
        self.transfer = None;
        self.place.set_bar(None);
        let text = transfer::unfinished(&upload, is_stopped);
        self.print(Role::Warning, &escape_line(&text));
    }

    fn send_failed(&mut self, error: &SendError) {
        self.complain(&one_line(error));
        if self.outbox.upload().is_some() {
            // The message has started and cannot be completed.
            self.stopping.quit(Cause::input(error));
        } else {
            self.transfer = None;
            self.place.set_bar(None);
        }
    }

    fn update_transfer(&mut self, now: Instant) {
        match (self.outbox.upload(), &mut self.transfer) {
            (None, None) => {}
            (Some(upload), None) => self.transfer = Some(Transfer::new(upload, now)),
            (Some(upload), Some(transfer)) => {
                if let Some(bar) = transfer.bar(upload, terminal::width(), now) {
                    let style = self.observers.view.style();
                    let bar = style.paint(Role::Fact, &bar).to_string();
                    self.place.set_bar(Some(bar));
                }
            }
            (None, Some(transfer)) => {
                let summary = transfer.summary(now);
                self.transfer = None;
                self.place.set_bar(None);
                if let Some(text) = summary {
                    self.print(Role::Fact, &escape_line(&text));
                }
            }
        }
    }
}
