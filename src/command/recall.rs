//! Arguments of the commands about messages that were sent or received: `/find`, `/show 12`, `/resend` …

use std::path::PathBuf;

use super::CommandError;
use super::args::Args;
use super::message::{Pattern, Recall, Reference, is_message_name};
use crate::render::Form;

/// Messages that `/last` lists without a number: half of a small terminal.
const LAST: usize = 10;

impl Args<'_> {
    pub(super) fn find(self) -> Result<Recall, CommandError> {
        // No regular expression begins with an asterisk.
        let all = self.all();
        let (pattern, is_all) = (all.unwrap_or(self).pattern()?, all.is_some());
        Ok(Recall::Find { pattern, is_all })
    }

    fn pattern(self) -> Result<Pattern, CommandError> {
        let this = self.required()?;
        let (word, rest) = this.split_word();
        if word == "jq" {
            let rest = rest.required()?;
            let (source, column) = (rest.text.trim().to_owned(), rest.word_column());
            return Ok(Pattern::Jq { source, column });
        }
        let column = this.word_column();
        let source = this.text.trim_start().to_owned();
        Ok(Pattern::Regex { source, column })
    }

    pub(super) fn last(self) -> Result<usize, CommandError> {
        let (word, rest) = self.split_word();
        let count = match word {
            "" => Some(LAST),
            word => word.parse().ok().filter(|count| *count > 0),
        };
        rest.none(count.ok_or_else(|| self.not_number("a number of messages"))?)
    }

    /// `/show 12`, if its first word is a message.
    pub(super) fn show_message(self) -> Result<Option<Recall>, CommandError> {
        let (word, rest) = self.split_word();
        let Some(message) = Reference::parse(word) else {
            return Ok(None);
        };
        let (word, end) = rest.split_word();
        let form = match word {
            "" => None,
            word => {
                let form = Form::ALL.into_iter().find(|form| form.name() == word);
                let known = "text, json, hex, base64, decoded or frames";
                Some(form.ok_or_else(|| rest.not_known(known))?)
            }
        };
        end.none(Some(Recall::Show(message, form)))
    }

    pub(super) fn resend(self) -> Result<Recall, CommandError> {
        let (message, rest) = self.required()?.reference()?;
        let (word, end) = rest.split_word();
        let is_edited = match word {
            "" => false,
            "edit" => true,
            _ => return Err(rest.not_known("edit")),
        };
        end.none(Recall::Resend { message, is_edited })
    }

    pub(super) fn save(self) -> Result<Recall, CommandError> {
        let (word, rest) = self.required()?.split_word();
        if let Some(message) = Reference::parse(word) {
            let path = PathBuf::from(rest.required()?.text.trim());
            return Ok(Recall::SaveTo { message, path });
        }
        rest.none(Recall::SaveAs(self.message_name(word)?))
    }

    pub(super) fn send_named(self) -> Result<Recall, CommandError> {
        let (word, rest) = self.split_word();
        if word.is_empty() {
            return Ok(Recall::Send(None));
        }
        rest.none(Recall::Send(Some(self.message_name(word)?)))
    }

    fn message_name(self, word: &str) -> Result<String, CommandError> {
        let wanted = "a name of letters, digits, _, - and .; a number is a message";
        let name = is_message_name(word).then(|| word.to_owned());
        name.ok_or_else(|| self.not_number(wanted))
    }

    pub(super) fn diff(self) -> Result<Recall, CommandError> {
        let (one, rest) = self.required()?.reference()?;
        let (other, end) = rest.required()?.reference()?;
        end.none(Recall::Diff(one, other))
    }

    pub(super) fn copy(self) -> Result<Recall, CommandError> {
        let (message, rest) = self.required()?.reference()?;
        rest.none(Recall::Copy(message))
    }

    fn reference(self) -> Result<(Reference, Self), CommandError> {
        let (word, rest) = self.split_word();
        let message = Reference::parse(word);
        let wanted = "the number of a message, $ for the last or $-1 for the one before";
        let message = message.ok_or_else(|| self.not_number(wanted))?;
        Ok((message, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::{error, parsed};
    use crate::command::{Command, PromptCommand};

    fn recall(line: &str) -> Recall {
        match parsed(line) {
            Command::Prompt(PromptCommand::Recall(recall)) => recall,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn messages_are_named_by_number_or_from_the_end() {
        for (word, reference) in [
            ("12", Some(Reference::Number(12))),
            ("#12", Some(Reference::Number(12))),
            ("$", Some(Reference::Back(0))),
            ("$-3", Some(Reference::Back(3))),
            ("$3", None),
            ("$-", None),
            ("$-+1", None),
            ("+1", None),
            ("#", None),
            ("", None),
            ("frames", None),
        ] {
            assert_eq!(Reference::parse(word), reference, "{word}");
        }
    }

    #[test]
    fn what_to_find_is_the_rest_of_the_line() {
        let (source, column) = ("a  b ".to_owned(), 8);
        let pattern = Pattern::Regex { source, column };
        let of = |pattern: Pattern, is_all| Recall::Find { pattern, is_all };
        assert_eq!(recall("/find  a  b "), of(pattern, false));
        let (source, column) = (".a == 1".to_owned(), 10);
        let pattern = Pattern::Jq { source, column };
        assert_eq!(recall("/find jq .a == 1"), of(pattern, false));
        let (source, column) = ("*a".to_owned(), 9);
        let pattern = Pattern::Regex { source, column };
        assert_eq!(recall("/find * *a"), of(pattern, true));
        assert!(error("/find ").starts_with("/find needs"));
        assert_eq!(recall("/last"), Recall::Last(LAST));
        assert!(error("/last 0").contains("is not a number of messages"));
    }

    #[test]
    fn a_number_makes_show_and_save_commands_about_a_message() {
        let last = Reference::Back(0);
        assert_eq!(recall("/show $"), Recall::Show(last, None));
        let form = Some(Form::Hex);
        assert_eq!(recall("/show $ hex"), Recall::Show(last, form));
        assert!(error("/show 3 xml").contains("use text, json, hex"));
        let (message, path) = (Reference::Number(3), "my file".into());
        assert_eq!(recall("/save 3 my file"), Recall::SaveTo { message, path });
        assert!(error("/save 3").starts_with("/save needs"));
        let name = "login".to_owned();
        assert_eq!(recall("/save login"), Recall::SaveAs(name));
        assert!(error("/save $x").contains("is not a name"));
        assert!(error("/send 3").contains("is not a name"));
        assert_eq!(recall("/send"), Recall::Send(None));
    }

    #[test]
    fn messages_are_sent_again_compared_and_copied() {
        let (message, is_edited) = (Reference::Number(3), true);
        let resend = Recall::Resend { message, is_edited };
        assert_eq!(recall("/resend 3 edit"), resend);
        assert!(error("/resend 3 twice").contains("use edit"));
        let diff = Recall::Diff(Reference::Back(1), Reference::Back(0));
        assert_eq!(recall("/diff $-1 $"), diff);
        assert!(error("/diff 3").starts_with("/diff needs"));
        assert_eq!(recall("/copy #3"), Recall::Copy(message));
        assert!(error("/copy x").contains("is not the number of a message"));
    }
}
