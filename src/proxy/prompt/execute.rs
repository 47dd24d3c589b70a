//! What a typed line does.

use std::time::Instant;

use super::ProxyPrompt;
use crate::command::{Command, CommandError, PROXY, PassCommand, parse_for_proxy};
use crate::console::editor::{Draft, Entry};
use crate::console::help;
use crate::diagnostic::one_line;
use crate::event::{Cause, Signal};
use crate::render::quantity;

impl ProxyPrompt {
    /// Handles an action of the user; returns why the proxy is to end.
    pub(super) fn entry(&mut self, entry: Entry, now: Instant) -> Option<Cause> {
        let is_warned = self.host.begin(now);
        match entry {
            Entry::Interrupt if !is_warned => {
                self.warn("Ctrl-C again, or Ctrl-D,", "");
            }
            Entry::Interrupt | Entry::Interrupted => {
                return Some(Cause::Signal(Signal::Interrupt));
            }
            Entry::HungUp => return Some(Cause::Signal(Signal::Hangup)),
            Entry::End if !is_warned && self.held() > 0 => {
                self.warn("Ctrl-D again", ", or type /pass all");
            }
            Entry::End => return Some(Cause::Quit),
            Entry::Failed(problem) => {
                let hint = None;
                return Some(Cause::Input { problem, hint });
            }
            Entry::Line(line, command) => return self.line(&line, command, now),
            // Nothing is sent from here but by commands of the proxy's own.
            Entry::Again(_) => {}
            Entry::Sync(taken) => drop(taken),
            Entry::Returned(taken) => {
                self.host.returned(now);
                drop(taken);
            }
            Entry::Edited(written, taken) => {
                self.host.returned(now);
                match written {
                    Ok(draft) => self.edited(draft),
                    Err(why) => self.host.complain(&why),
                }
                drop(taken);
            }
        }
        None
    }

    fn held(&self) -> usize {
        self.desk.stock().lock().len()
    }

    /// Asks before the proxy ends.
    fn warn(&mut self, keys: &str, other: &str) {
        let lost = match self.held() {
            0 => String::new(),
            held => {
                let held = quantity::plural(held as u64, "held message");
                format!("; {held} would be thrown away")
            }
        };
        self.host.warn(keys, &format!("{other}{lost}"));
    }

    fn edited(&mut self, mut draft: Draft) {
        let Some((number, payload)) = draft.take_target() else {
            return;
        };
        if let Err(why) = self.change(number, payload) {
            self.host.complain(&format!("{why}; {}", draft.keep()));
        }
    }

    fn line(
        &mut self,
        line: &str,
        command: Result<Command, CommandError>,
        now: Instant,
    ) -> Option<Cause> {
        if let Some(parsed) = parse_for_proxy(line) {
            let done = parsed
                .map_err(|error| one_line(&error))
                .and_then(|command| self.pass_command(command, now));
            match done {
                Ok(None) => {}
                Ok(Some(text)) => self.host.say(&text),
                Err(why) => self.host.complain(&why),
            }
            return None;
        }
        match command {
            Ok(Command::Nothing) => {
                self.host.board.view(|view| view.resume(false));
            }
            Ok(Command::Prompt(command)) => self.host.command(command, now),
            Ok(Command::Quit) => return Some(Cause::Quit),
            Ok(Command::Outgoing(_)) => self.host.complain(
                "not sent: /inject client TEXT sends it to the server, /inject server TEXT to the client",
            ),
            Err(error) => self.host.complain(&one_line(&error)),
        }
        None
    }

    /// Executes a command; returns what to say.
    fn pass_command(
        &mut self,
        command: PassCommand,
        now: Instant,
    ) -> Result<Option<String>, String> {
        match command {
            PassCommand::Hold { side, what } => self.hold(side, what).map(Some),
            PassCommand::Pass(which) => self.pass(which).map(Some),
            PassCommand::Discard(number) => self.discard(number).map(|()| None),
            PassCommand::Inject {
                connection,
                side,
                what,
            } => self.inject(connection, side, what).map(|()| None),
            PassCommand::Resend(reference) => self.resend(reference).map(|()| None),
            PassCommand::Kill { connection, code } => self.kill(connection, code).map(|()| None),
            PassCommand::Connections => {
                self.list(now);
                Ok(None)
            }
            PassCommand::Held => {
                self.list_held(now);
                Ok(None)
            }
            PassCommand::Help(topic) => {
                let board = &self.host.board;
                board.view(|view| help::dialect(PROXY, topic, view.text()));
                Ok(None)
            }
            // The thread that reads lines does it.
            PassCommand::Edit(_) => Ok(None),
        }
    }
}
