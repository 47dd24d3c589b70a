//! The commands of a prompt that is not a client's: its own, and those that it shares with the client's.

use super::args::Args;
use super::usage::{Usage, find, nearest};
use super::{COMMANDS, CommandError, HelpTopic};

#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    pub own: &'static [Usage],
    /// The names of those that the client's prompt has as well.
    pub shared: &'static [&'static str],
    /// Those that nobody should run by following a suggestion without reading it.
    pub(super) harmful: &'static [&'static str],
    /// Lines that are no commands are sent.
    pub(super) sends: bool,
}

/// A line as a dialect reads it.
pub(super) enum Reading<'a> {
    Help(HelpTopic),
    Own(Args<'a>),
    /// A message, or a command that the client's prompt has as well.
    Other,
}

impl Dialect {
    /// All its commands, in the order of `/help`.
    pub fn commands(self) -> impl Iterator<Item = &'static Usage> + Clone {
        let shared = COMMANDS
            .iter()
            .filter(move |usage| self.shared.contains(&usage.name));
        self.own.iter().chain(shared)
    }

    pub(super) fn read(self, line: &str) -> Result<Reading<'_>, CommandError> {
        let command = line.strip_prefix('/').filter(|it| !it.starts_with('/'));
        let Some(command) = command else {
            return Ok(Reading::Other);
        };
        let (name, text) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        if name == "help" {
            return self.help(line, text).map(Reading::Help);
        }
        if let Some(usage) = self.own.iter().find(|usage| usage.name == name) {
            return Ok(Reading::Own(Args { line, text, usage }));
        }
        if self.shared.contains(&name) {
            return Ok(Reading::Other);
        }
        Err(self.unknown(name))
    }

    fn help(self, line: &str, text: &str) -> Result<HelpTopic, CommandError> {
        let Some(usage) = find("help") else {
            return Ok(HelpTopic::Commands);
        };
        let (word, rest) = Args { line, text, usage }.split_word();
        let name = word.trim_start_matches('/');
        let found = self.commands().find(|usage| usage.name == name);
        let topic = match (name, found) {
            ("", _) => HelpTopic::Commands,
            ("keys", _) => HelpTopic::Keys,
            (_, Some(usage)) => HelpTopic::Command(usage),
            (name, None) => return Err(self.unknown(name)),
        };
        rest.none(topic)
    }

    fn unknown(self, name: &str) -> CommandError {
        let names = self.commands().map(|usage| usage.name);
        let harmless = names.filter(|name| !self.harmful.contains(name));
        CommandError::UnknownHere {
            near: nearest(name, harmless),
            name: name.to_owned(),
            sends: self.sends,
        }
    }
}
