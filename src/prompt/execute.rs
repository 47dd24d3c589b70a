use std::time::Instant;

use super::Prompt;
use super::error::LineError;
use super::repeat::{Repeat, RepeatError};
use super::{status, timer};
use crate::command::{
    Command, CommandError, Filtering, Outgoing, PromptCommand, Record, Repetition, Timing,
};
use crate::console::editor::{Draft, Entry};
use crate::console::{filter, help, show};
use crate::diagnostic::one_line;
use crate::event::{Cause, Signal};
use crate::home;
use crate::observe::Observers;
use crate::proto::sender::{Closing, Sender};
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::Turn;
use crate::speaker::Speaker;

impl Prompt {
    /// Handles an action of the user; without a turn there is no connection.
    pub(super) fn entry(&mut self, entry: Entry, turn: Option<&mut Turn<'_>>, now: Instant) {
        self.observers.view.fit(now);
        // Lines typed after /reconnect are for the next connection.
        let is_for_next = self.stopping.is_reconnect_requested();
        let turn = turn.filter(|_| !is_for_next);
        let is_warned = std::mem::take(&mut self.stopping.is_warned);
        match entry {
            Entry::Interrupt
                if !is_warned && !self.stopping.is_closing() && self.transfer.is_none() =>
            {
                self.warn(turn.is_some());
            }
            Entry::Line(line, _) if self.stopping.is_closing() && !is_for_next => {
                let text = format!("not sent, the connection is closing: {line}");
                self.complain(&text);
            }
            Entry::Again(_) if self.stopping.is_closing() && !is_for_next => {
                self.complain("not sent, the connection is closing");
            }
            Entry::Line(line, command) => {
                let mut turn = turn;
                match self.verb(&line, turn.as_deref_mut(), now) {
                    Some(Ok(())) => {}
                    Some(Err(error)) => self.complain(&one_line(&error)),
                    None => self.line(command, turn, now),
                }
            }
            Entry::Again(outgoing) => {
                if let Err(error) = self.send(outgoing, turn) {
                    self.complain(&one_line(&error));
                }
            }
            Entry::Returned(taken) => {
                self.stopping.editor_ended(now);
                self.observers.view.resume(true);
                drop(taken);
            }
            Entry::Edited(written, taken) => {
                self.stopping.editor_ended(now);
                self.observers.view.resume(true);
                match written {
                    Ok(draft) => self.draft(draft, turn, now),
                    Err(why) => self.complain(&why),
                }
                drop(taken);
            }
            Entry::Sync(taken) => drop(taken),
            Entry::Interrupt | Entry::Interrupted => self.stopping.signal(Signal::Interrupt),
            Entry::HungUp => self.stopping.signal(Signal::Hangup),
            Entry::End => self.stopping.quit(Cause::Quit),
            Entry::Failed(problem) => self.stopping.quit(Cause::Input {
                problem,
                hint: None,
            }),
        }
    }

    /// Ctrl-C twice is a habit, and a lost connection cannot be had back.
    fn warn(&mut self, is_open: bool) {
        self.stopping.is_warned = true;
        let does = if is_open {
            "close the connection"
        } else {
            "leave"
        };
        let text = format!("press Ctrl-C again, or Ctrl-D, to {does}");
        self.observers.view.note(&text);
    }

    fn line(
        &mut self,
        command: Result<Command, CommandError>,
        turn: Option<&mut Turn<'_>>,
        now: Instant,
    ) {
        let outcome = match command {
            Ok(command) => self
                .execute(command, turn, now)
                .map_err(|error| one_line(&error)),
            Err(error) => Err(one_line(&error)),
        };
        if let Err(text) = outcome {
            self.complain(&text);
        }
    }

    pub(super) fn draft(&mut self, draft: Draft, turn: Option<&mut Turn<'_>>, now: Instant) {
        let outgoing = Outgoing::Line(draft.text.clone());
        let is_closing = |turn: &Turn<'_>| turn.sender.is_closing();
        let sent = if turn.as_deref().is_some_and(is_closing)
            || turn.is_some() && self.stopping.is_closing()
        {
            Err(Closing.to_string())
        } else {
            let sent = self.execute(Command::Outgoing(outgoing), turn, now);
            sent.map_err(|error| one_line(&error))
        };
        if let Err(error) = sent {
            let text = format!("{error}; {}", draft.keep());
            self.complain(&text);
        }
    }

    fn execute(
        &mut self,
        command: Command,
        turn: Option<&mut Turn<'_>>,
        now: Instant,
    ) -> Result<(), LineError> {
        match command {
            Command::Nothing => drop(self.resume()),
            Command::Outgoing(outgoing) => self.fill_and_send(outgoing, turn, now)?,
            Command::Quit => self.stopping.quit(Cause::Quit),
            Command::Prompt(command) => {
                let sender = turn.as_deref().map(|turn| &*turn.sender);
                self.execute_here(command, sender, now)?;
            }
        }
        Ok(())
    }

    pub(super) fn fill_and_send(
        &mut self,
        outgoing: Outgoing,
        turn: Option<&mut Turn<'_>>,
        now: Instant,
    ) -> Result<(), LineError> {
        let time = self.observers.view.time_at(now);
        let outgoing = match self.variables.fill_outgoing(outgoing, time)? {
            Outgoing::File { path, is_text } => {
                let path = home::expand(&path, self.options.home.as_deref());
                Outgoing::File { path, is_text }
            }
            outgoing => outgoing,
        };
        self.send(outgoing, turn)
    }

    /// Executes a command that concerns the prompt; without a sender there is no connection.
    pub(super) fn execute_here(
        &mut self,
        command: PromptCommand,
        sender: Option<&Sender>,
        now: Instant,
    ) -> Result<(), LineError> {
        let is_open = sender.is_some();
        let Observers { view, opening, .. } = &mut self.observers;
        match command {
            // The thread that reads lines executes the first two, the first connection the others.
            PromptCommand::Edit(_)
            | PromptCommand::Recall(_)
            | PromptCommand::Connect(_)
            | PromptCommand::Use(_)
            | PromptCommand::To { .. }
            | PromptCommand::List
            | PromptCommand::StatusOfAll
            | PromptCommand::CloseAll(_) => {}
            PromptCommand::Set(assignment) => {
                let lines = self.variables.set(assignment, view.time_at(now))?;
                self.print_all(&lines);
            }
            PromptCommand::Capture(capture) => {
                let line = self.variables.capture(capture)?;
                view.print(Role::Fact, &line);
            }
            PromptCommand::Every(timing) => self.every(timing, is_open, now)?,
            PromptCommand::Repeat(repetition) => self.repeat(repetition, is_open, now)?,
            PromptCommand::Pause => self.pause(now),
            PromptCommand::Resume => {
                if !self.resume() {
                    self.print(Role::Fact, "not paused; /pause stops the view");
                }
            }
            PromptCommand::Stats => self.stats.print(view, &self.status, sender, now),
            PromptCommand::Reconnect => self.reconnect(is_open, now)?,
            PromptCommand::Help(topic) => {
                help::help(topic, self.voice.speaker.as_ref(), view.text());
            }
            PromptCommand::As(on_top) => self.speak(on_top, is_open, now),
            PromptCommand::Status => self.print_status(sender, now),
            PromptCommand::Headers => view.heads(opening.request(), opening.response()),
            PromptCommand::Show(setting) => show::execute(setting, view),
            PromptCommand::Filter(filtering) => {
                filter::execute(&filtering, view);
                let shape = self.voice.speaker.as_ref().and_then(Speaker::shape);
                if let (Filtering::By { .. }, Some(shape)) = (&filtering, shape) {
                    view.note(shape);
                }
            }
            PromptCommand::Record(command) => self.record(command),
            PromptCommand::History(last) => {
                let lines = self.place.history(last.unwrap_or(usize::MAX));
                help::history(&lines, view.text());
            }
        }
        Ok(())
    }

    /// The state of the connection, of the protocol on top, and what is kept.
    pub(super) fn print_status(&mut self, sender: Option<&Sender>, now: Instant) {
        self.status.is_polled = self.is_polled();
        let Observers {
            view,
            opening,
            memory,
            ..
        } = &mut self.observers;
        self.status.print(view, opening, sender, now);
        let rows = self.voice.speaker.as_ref().map(|it| it.status(now));
        for (name, value) in rows.into_iter().flatten() {
            view.row(name, &escape_line(&value));
        }
        let kept = match memory {
            Some(feed) => status::kept(&feed.memory().lock(), view),
            None => "nothing (--keep 0)".to_owned(),
        };
        view.row("kept", &kept);
    }

    fn every(&mut self, timing: Timing, is_open: bool, now: Instant) -> Result<(), LineError> {
        if let Timing::Start { text, .. } = &timing {
            self.check_template(text, now)?;
        }
        let opened = is_open.then_some(now);
        let is_template = self.variables.is_on;
        let lines = timer::every(self.outbox.schedule(), timing, is_template, opened)?;
        self.print_all(&lines);
        Ok(())
    }

    fn repeat(
        &mut self,
        repetition: Repetition,
        is_open: bool,
        now: Instant,
    ) -> Result<(), LineError> {
        match (repetition, &self.repeat) {
            (Repetition::Start { .. }, Some(_)) => return Err(RepeatError::InProgress.into()),
            (Repetition::Start { .. }, None) if !is_open => {
                return Err(RepeatError::NoConnection.into());
            }
            (Repetition::Start { count, text }, None) => {
                self.check_template(&text, now)?;
                self.repeat = Some(Repeat::new(text, self.variables.is_on, count, now));
            }
            (Repetition::Stop, None) => return Err(RepeatError::NotInProgress.into()),
            (Repetition::Stop, Some(_)) => self.end_repeat(now),
        }
        Ok(())
    }

    /// Reports a bad template now, not when the message is due.
    fn check_template(&self, text: &str, now: Instant) -> Result<(), LineError> {
        let time = self.observers.view.time_at(now);
        self.variables.fill(text, Some(1), time)?;
        Ok(())
    }

    fn print_all(&mut self, lines: &[String]) {
        for line in lines {
            self.print(Role::Fact, line);
        }
    }

    pub(super) fn record(&mut self, command: Record) {
        let command = match command {
            Record::Start(path) => Record::Start(home::expand(&path, self.options.home.as_deref())),
            command => command,
        };
        let Observers {
            recording, opening, ..
        } = &mut self.observers;
        match recording.execute(&command, opening) {
            Ok(text) => self.observers.view.note(&text),
            Err(text) => self.complain(&text),
        }
    }
}
