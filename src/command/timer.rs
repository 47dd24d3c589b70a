//! Arguments of `/every` and `/repeat`.

use super::CommandError;
use super::args::Args;
use super::prompt::{Repetition, Timing};
use crate::duration;

impl Args<'_> {
    pub(super) fn timing(self) -> Result<Timing, CommandError> {
        let (word, rest) = self.split_word();
        match word {
            "" => Ok(Timing::List),
            "stop" => rest.timer().map(Timing::Stop),
            word => {
                let period = duration::parse(word).ok().filter(|it| !it.is_zero());
                let period =
                    period.ok_or_else(|| self.not_number("a time, such as 500ms or 5s"))?;
                let text = rest.required()?.text.to_owned();
                Ok(Timing::Start { period, text })
            }
        }
    }

    fn timer(self) -> Result<Option<usize>, CommandError> {
        let (word, rest) = self.split_word();
        if word.is_empty() {
            return Ok(None);
        }
        let number = word.parse().ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| self.not_number("the number of a timer"))?;
        rest.none(Some(number))
    }

    pub(super) fn repetition(self) -> Result<Repetition, CommandError> {
        let (word, rest) = self.required()?.split_word();
        if word == "stop" {
            return rest.none(Repetition::Stop);
        }
        let count = word.parse().ok().filter(|count| *count > 0);
        let count = count.ok_or_else(|| self.not_number("a number of messages"))?;
        let text = rest.required()?.text.to_owned();
        Ok(Repetition::Start { count, text })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::command::tests::{error, parsed};
    use crate::command::{Command, PromptCommand};

    #[test]
    fn timers_have_a_time_and_a_text() {
        let start = Timing::Start {
            period: Duration::from_millis(500),
            text: "a  b".to_owned(),
        };
        assert_eq!(
            parsed("/every 500ms a  b"),
            Command::Prompt(PromptCommand::Every(start))
        );
        assert_eq!(
            parsed("/every"),
            Command::Prompt(PromptCommand::Every(Timing::List))
        );
        assert_eq!(
            parsed("/every stop"),
            Command::Prompt(PromptCommand::Every(Timing::Stop(None)))
        );
        assert_eq!(
            parsed("/every stop 2"),
            Command::Prompt(PromptCommand::Every(Timing::Stop(Some(2))))
        );
        for line in ["/every 0s x", "/every soon x", "/every -1s x"] {
            assert!(error(line).contains("is not a time"), "{line}");
        }
        assert!(error("/every stop 0").contains("is not the number of a timer"));
        assert!(error("/every 5s").starts_with("/every needs PERIOD TEXT|stop"));
    }

    #[test]
    fn repetitions_are_counted() {
        let start = Repetition::Start {
            count: 3,
            text: "x".to_owned(),
        };
        assert_eq!(
            parsed("/repeat 3 x"),
            Command::Prompt(PromptCommand::Repeat(start))
        );
        assert_eq!(
            parsed("/repeat stop"),
            Command::Prompt(PromptCommand::Repeat(Repetition::Stop))
        );
        for line in ["/repeat 0 x", "/repeat x y", "/repeat -1 x"] {
            assert!(
                error(line).contains("is not a number of messages"),
                "{line}"
            );
        }
        assert!(error("/repeat 3 ").starts_with("/repeat needs"));
    }
}
