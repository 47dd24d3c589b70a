//! Arguments of `/set` and `/capture`.

use super::CommandError;
use super::args::Args;
use super::prompt::{Assignment, Capture};

/// Names with a value of their own: a random UUID, the time, the number of the message.
pub const TAKEN: [&str; 3] = ["uuid", "now", "n"];

/// Whether `name` can be between `{{` and `}}`: a letter or `_`, then letters, digits and `_`.
pub fn is_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| is_word(c) && !c.is_ascii_digit()) && name.chars().all(is_word)
}

impl Args<'_> {
    pub(super) fn assignment(self) -> Result<Assignment, CommandError> {
        if self.text.trim().is_empty() {
            return Ok(Assignment::List);
        }
        let (name, rest) = self.name()?;
        Ok(if rest.text.is_empty() {
            Assignment::Show(name)
        } else {
            let value = rest.text.to_owned();
            Assignment::Set { name, value }
        })
    }

    pub(super) fn capture(self) -> Result<Capture, CommandError> {
        let (name, rest) = self.required()?.name()?;
        let source = rest.required()?.text.trim().to_owned();
        let column = rest.word_column();
        Ok(Capture {
            name,
            source,
            column,
        })
    }

    fn name(self) -> Result<(String, Self), CommandError> {
        let (name, rest) = self.split_word();
        if !is_name(name) || TAKEN.contains(&name) {
            return Err(
                self.not_number("a name of letters, digits and _ (uuid, now and n are taken)")
            );
        }
        Ok((name.to_owned(), rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::{error, parsed};
    use crate::command::{Command, PromptCommand};

    #[test]
    fn a_value_is_the_rest_of_the_line() {
        let set = |name: &str, value: &str| {
            let (name, value) = (name.to_owned(), value.to_owned());
            Command::Prompt(PromptCommand::Set(Assignment::Set { name, value }))
        };
        assert_eq!(parsed("/set a  b c "), set("a", " b c "));
        assert_eq!(
            parsed("/set"),
            Command::Prompt(PromptCommand::Set(Assignment::List))
        );
        let show = Assignment::Show("a_1".to_owned());
        assert_eq!(
            parsed("/set a_1"),
            Command::Prompt(PromptCommand::Set(show))
        );
    }

    #[test]
    fn reserved_and_malformed_names_are_rejected() {
        for line in [
            "/set 1a x",
            "/set a-b x",
            "/set é x",
            "/set uuid x",
            "/capture n .a",
        ] {
            assert!(error(line).contains("is not a name of letters"), "{line}");
        }
    }

    #[test]
    fn a_capture_needs_a_filter() {
        let capture = Capture {
            name: "id".to_owned(),
            source: ".a | .b".to_owned(),
            column: 13,
        };
        assert_eq!(
            parsed("/capture id .a | .b "),
            Command::Prompt(PromptCommand::Capture(capture))
        );
        assert!(error("/capture id").starts_with("/capture needs NAME FILTER"));
        assert!(error("/capture").starts_with("/capture needs NAME FILTER"));
    }
}
