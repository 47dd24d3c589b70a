//! Arguments of the commands about several connections: `/connect`, `/use`, `/to`, and `*` for all.

use super::CommandError;
use super::args::Args;
use super::message::is_message_name;
use super::prompt::{Further, PromptCommand};

/// The word for all connections.
pub(super) const ALL: &str = "*";

impl Args<'_> {
    /// The arguments after `*`, if that is the first one.
    pub(super) fn all(self) -> Option<Self> {
        let (word, rest) = self.split_word();
        (word == ALL).then_some(rest)
    }

    pub(super) fn connect(self) -> Result<Further, CommandError> {
        let (name, rest) = self.required()?.split_word();
        if name.starts_with('@') || name.contains([':', '/']) {
            return Err(CommandError::NoName {
                column: self.word_column(),
                rest: self.text.trim().to_owned(),
            });
        }
        if !is_message_name(name) {
            let wanted = "a name of letters, digits, _, - and ., which is not a number";
            return Err(self.not_number(wanted));
        }
        let words = rest.required()?.text.trim().to_owned();
        let name = name.to_owned();
        Ok(Further { name, words })
    }

    /// The name of a connection; that of the first is often a host, which may hold any character.
    pub(super) fn connection(self) -> Result<String, CommandError> {
        let (name, rest) = self.required()?.split_word();
        rest.none(name.to_owned())
    }

    pub(super) fn to(self) -> Result<PromptCommand, CommandError> {
        let (name, rest) = self.required()?.split_word();
        let text = rest.required()?.text.to_owned();
        let name = name.to_owned();
        Ok(PromptCommand::To { name, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::{error, parsed};
    use crate::command::{Command, Outgoing};

    fn prompt(line: &str) -> PromptCommand {
        match parsed(line) {
            Command::Prompt(command) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_connection_has_a_name_and_a_command_line() {
        let (name, words) = ("b".to_owned(), "@staging -H 'A: b c'".to_owned());
        let connect = PromptCommand::Connect(Further { name, words });
        assert_eq!(prompt("/connect b  @staging -H 'A: b c' "), connect);
        for line in [
            "/connect 3 ws://h",
            "/connect $b ws://h",
            "/connect * ws://h",
        ] {
            let text = error(line);
            assert!(
                text.starts_with("column 10: ") && text.contains("is not a name"),
                "{text}"
            );
        }
        for url in [":9702", "ws://h/ -k", "@staging", "h:80 x"] {
            let expected =
                format!("column 10: a name comes first; for example /connect other {url}");
            assert_eq!(error(&format!("/connect {url}")), expected);
        }
        assert!(error("/connect b").starts_with("/connect needs"));
        assert!(error("/use").starts_with("/use needs"));
        assert_eq!(prompt("/use h:80"), PromptCommand::Use("h:80".to_owned()));
    }

    #[test]
    fn a_line_for_another_connection_keeps_its_text() {
        let (name, text) = ("b".to_owned(), " /x ".to_owned());
        assert_eq!(prompt("/to b  /x "), PromptCommand::To { name, text });
        assert!(error("/to b").starts_with("/to needs"));
    }

    #[test]
    fn an_asterisk_is_all_connections() {
        let (code, reason) = (Some(1001), "bye".to_owned());
        let close = Outgoing::Close { code, reason };
        assert_eq!(prompt("/close * 1001 bye"), PromptCommand::CloseAll(close));
        assert_eq!(prompt("/status *"), PromptCommand::StatusOfAll);
        assert!(error("/status * *").contains("does not take"));
    }
}
