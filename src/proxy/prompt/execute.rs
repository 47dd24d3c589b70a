//! What a typed line does.

use std::task::Context;
use std::time::Instant;

use super::ProxyPrompt;
use crate::command::{Command, CommandError, Outgoing, PROXY, PassCommand, parse_for_proxy};
use crate::console::editor::Draft;
use crate::console::help;
use crate::console::host::{Host, Row};
use crate::console::hosted::Hosted;
use crate::diagnostic::one_line;
use crate::event::Cause;
use crate::render::quantity;

impl Hosted for ProxyPrompt {
    fn parts(&mut self) -> (&mut Host, &mut dyn Row) {
        (&mut self.host, &mut self.row)
    }

    fn into_host(self) -> Host {
        self.host
    }

    fn follow(&mut self, cx: &mut Context<'_>) {
        self.follow_connections(cx);
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

    /// Nothing is sent from here except by commands of the proxy's own.
    fn send_again(&mut self, _: Outgoing, _: Instant) {}

    fn take_draft(&mut self, mut draft: Draft, _: Instant) {
        let Some((number, payload)) = draft.take_target() else {
            return;
        };
        if let Err(why) = self.change(number, payload) {
            self.host.complain(&format!("{why}; {}", draft.keep()));
        }
    }

    fn at_stake(&self) -> Option<[String; 2]> {
        let held = self.desk.stock().lock().len();
        let messages = quantity::plural(held as u64, "held message");
        (held > 0).then(|| {
            [
                format!("; {messages} would be thrown away"),
                ", or type /pass all".to_owned(),
            ]
        })
    }
}

impl ProxyPrompt {
    /// Executes a command; returns what to say.
    fn pass_command(
        &mut self,
        command: PassCommand,
        now: Instant,
    ) -> Result<Option<String>, String> {
        match command {
            PassCommand::Hold { side, what } => self.hold(side, what).map(Some),
            PassCommand::Pass(which) => self.pass(which).map(Some),
            PassCommand::Discard(number) => self.discard(number),
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
                let rest = "nothing is sent without /inject";
                board.view(|view| help::dialect(PROXY, &[], rest, topic, view.text()));
                Ok(None)
            }
            // The thread that reads lines does it.
            PassCommand::Edit(_) => Ok(None),
        }
    }
}
