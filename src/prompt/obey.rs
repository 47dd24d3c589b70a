//! What a person at the prompt does, and what comes of it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::editor::{Draft, Entry};
use super::{LineError, Prompt};
use crate::command::{self, Command, Outgoing, Record};
use crate::event::{Cause, Signal};
use crate::proto::frame::CloseFrame;
use crate::proto::sender::{Closing, Sender};
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::Stop;

/// How long after its editor a signal may come.
const LATE_INTERRUPT: Duration = Duration::from_millis(500);

impl Prompt {
    /// Obeys what the person at the terminal did; without a sender there is no connection.
    pub(super) fn entry(&mut self, entry: Entry, sender: Option<&mut Sender>, now: Instant) {
        // What is typed from now on is for the next connection.
        let sender = sender.filter(|_| !self.reconnect_requested);
        match entry {
            Entry::Line(line) if self.is_closing && !self.reconnect_requested => {
                let line = escape_line(&line).into_owned();
                self.print(
                    Role::Error,
                    &format!("not sent, the connection is closing: {line}"),
                );
            }
            Entry::Line(line) => self.line(&line, sender, now),
            Entry::Edited(written, taken) => {
                self.ignore_interrupt_until = now + LATE_INTERRUPT;
                match written {
                    Ok(draft) => self.draft(draft, sender, now),
                    Err(why) => self.complain(&why),
                }
                drop(taken);
            }
            Entry::Interrupt => {
                self.stop = Some(Stop::signal(Signal::Interrupt, self.options.close.clone()));
            }
            Entry::HungUp => {
                self.stop = Some(Stop::signal(Signal::Hangup, self.options.close.clone()));
            }
            Entry::End => self.quit(Cause::Quit),
            Entry::Failed(text) => self.quit(Cause::Input(text)),
        }
    }

    /// Takes a line that was typed, and says what is wrong with it.
    fn line(&mut self, line: &str, sender: Option<&mut Sender>, now: Instant) {
        let outcome = match command::parse(line) {
            Ok(command) => self
                .command(command, sender, now)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(text) = outcome {
            self.complain(&text);
        }
    }

    /// Sends what was written in an editor; if that is not possible, it stays in its file.
    fn draft(&mut self, draft: Draft, sender: Option<&mut Sender>, now: Instant) {
        let outgoing = Outgoing::Text(draft.text.clone());
        let sent = match sender {
            Some(sender) if self.is_closing || sender.is_closing() => Err(Closing.to_string()),
            sender => self
                .command(Command::Outgoing(outgoing), sender, now)
                .map_err(|error| error.to_string()),
        };
        if let Err(error) = sent {
            let text = format!("{error}; {}", draft.keep());
            self.complain(&text);
        }
    }

    fn command(
        &mut self,
        command: Command,
        sender: Option<&mut Sender>,
        now: Instant,
    ) -> Result<(), LineError> {
        match command {
            // The reader of lines obeys /edit.
            Command::Nothing | Command::Edit(_) => {}
            Command::Outgoing(outgoing) => {
                let outgoing = match self.fill_outgoing(outgoing, now)? {
                    Outgoing::File { path, is_text } => {
                        let path = self.at_home(path);
                        Outgoing::File { path, is_text }
                    }
                    outgoing => outgoing,
                };
                match sender {
                    Some(sender) if self.may_send(&outgoing, sender) => {
                        self.send(&outgoing, sender, now)?;
                    }
                    sender => self.keep(outgoing, sender.is_some())?,
                }
            }
            Command::Set(assignment) => self.assign(assignment, now)?,
            Command::Capture(capture) => self.capture(capture)?,
            Command::Every(timing) => self.every(timing, sender.is_some(), now)?,
            Command::Repeat(repetition) => self.repeat(repetition, sender.is_some(), now)?,
            Command::Stats => self.print_stats(sender.as_deref(), now),
            Command::Reconnect => self.reconnect(sender.is_some(), now)?,
            Command::Quit => self.quit(Cause::Quit),
            Command::Help(usage) => self.help(usage),
            Command::Status => {
                let style = self.human.style();
                self.status
                    .print(&mut self.out, &self.facts, sender.as_deref(), style, now);
            }
            Command::Headers => self.facts.print_heads(&mut self.out, &self.human),
            Command::Show(setting) => self.show(setting),
            Command::Filter(filtering) => self.filter(&filtering),
            Command::Record(Record::Start(path)) => {
                let path = self.at_home(path);
                self.record(&Record::Start(path));
            }
            Command::Record(command) => self.record(&command),
            Command::History(last) => self.history(last),
        }
        Ok(())
    }

    fn record(&mut self, command: &Record) {
        match self.recording.obey(command) {
            Ok(text) => {
                let text = format!("* {}", escape_line(&text));
                self.print(Role::Fact, &text);
            }
            Err(text) => self.complain(&text),
        }
    }

    /// The path, with the user's home for `~`, as completion writes it.
    fn at_home(&self, path: PathBuf) -> PathBuf {
        match (path.strip_prefix("~"), &self.options.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path,
        }
    }

    pub(super) fn quit(&mut self, cause: Cause) {
        self.close(cause, self.options.close.clone());
    }

    /// A server that goes on sending gets no more time: somebody waits for the end.
    pub(super) fn close(&mut self, cause: Cause, frame: Option<CloseFrame>) {
        self.stop = Some(Stop::within(cause, frame, self.options.close_timeout));
    }
}
