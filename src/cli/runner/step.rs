//! Steps on the command line, in the order in which they were typed.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::cli::heading::Heading;
use crate::scenario::{Line, Match, Mistake, Statement, argument};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepArgs {
    /// In the order given. The source of each line is the flag with its value.
    pub lines: Vec<Line>,
}

struct Flag {
    name: &'static str,
    value: &'static str,
    parse: argument::Parse,
    help: &'static str,
    long_help: &'static str,
}

impl Flag {
    fn is_optional(&self) -> bool {
        matches!(self.name, "ping" | "expect-close")
    }

    fn line(&self, value: &OsStr, statement: Statement) -> Line {
        let (name, value) = (self.name, value.to_string_lossy());
        let source = if value.is_empty() && self.is_optional() {
            format!("--{name}")
        } else {
            format!("--{name} {value}")
        };
        Line {
            file: None,
            number: 0,
            source,
            statement,
        }
    }
}

const FLAGS: &[Flag] = &[
    Flag {
        name: "send",
        value: "TEXT|@FILE",
        parse: argument::send,
        help: "Send a text message; @FILE sends a file's content",
        long_help: "A text that starts with @ is written with @@. {{NAME}} is replaced by the value \
                    of the variable, here and in the other steps.",
    },
    Flag {
        name: "send-hex",
        value: "HEX",
        parse: argument::send_hex,
        help: "Send a binary message",
        long_help: "Blanks between the digits are ignored.",
    },
    Flag {
        name: "ping",
        value: "DATA",
        parse: argument::ping,
        help: "Send a ping and wait for its pong",
        long_help: "DATA is optional and needs the form --ping=DATA.",
    },
    Flag {
        name: "expect",
        value: "TEXT",
        parse: |it| argument::expect(Match::Eventually, argument::text(it)),
        help: "Wait for a text message equal to TEXT",
        long_help: "This flag and the next four skip messages that do not match, and report all of \
                    them if none matches.",
    },
    Flag {
        name: "expect-json",
        value: "JSON",
        parse: |it| argument::expect(Match::Eventually, argument::json(it)),
        help: "Wait for JSON that contains these values",
        long_help: "Only the listed keys of an object are compared. Arrays must have the same items; \
                    the string \"...\" in an array matches any items. The string \"*\" matches any value.",
    },
    Flag {
        name: "expect-re",
        value: "REGEX",
        parse: |it| argument::expect(Match::Eventually, argument::re(it)),
        help: "Wait for a message that the regular expression matches",
        long_help: "It may match anywhere in the message unless anchored with ^ and $. The syntax is \
                    that of the Rust crate regex.",
    },
    Flag {
        name: "expect-jq",
        value: "FILTER",
        parse: |it| argument::expect(Match::Eventually, argument::jq(it)),
        help: "Wait for JSON for which the jq filter is true",
        long_help: "As in jq, every value except false and null is true.",
    },
    Flag {
        name: "expect-hex",
        value: "HEX",
        parse: |it| argument::expect(Match::Eventually, argument::hex(it)),
        help: "Wait for a binary message with these bytes",
        long_help: "Blanks between the digits are ignored.",
    },
    Flag {
        name: "expect-next",
        value: "TEXT",
        parse: |it| argument::expect(Match::Next, argument::text(it)),
        help: "Expect TEXT as the very next message",
        long_help: "This flag and the next four skip nothing: the first message that no step has \
                    consumed must match.",
    },
    Flag {
        name: "expect-next-json",
        value: "JSON",
        parse: |it| argument::expect(Match::Next, argument::json(it)),
        help: "Expect JSON with these values as the very next message",
        long_help: "Like --expect-json, but nothing is skipped.",
    },
    Flag {
        name: "expect-next-re",
        value: "REGEX",
        parse: |it| argument::expect(Match::Next, argument::re(it)),
        help: "Expect the regular expression to match the very next message",
        long_help: "Like --expect-re, but nothing is skipped.",
    },
    Flag {
        name: "expect-next-jq",
        value: "FILTER",
        parse: |it| argument::expect(Match::Next, argument::jq(it)),
        help: "Expect the jq filter to be true for the very next message",
        long_help: "Like --expect-jq, but nothing is skipped.",
    },
    Flag {
        name: "expect-next-hex",
        value: "HEX",
        parse: |it| argument::expect(Match::Next, argument::hex(it)),
        help: "Expect these bytes as the very next message",
        long_help: "Like --expect-hex, but nothing is skipped.",
    },
    Flag {
        name: "expect-none",
        value: "TIME",
        parse: argument::expect_none,
        help: "Expect no message for TIME",
        long_help: "Fails also on earlier messages that no step has consumed.",
    },
    Flag {
        name: "expect-close",
        value: "CODES",
        parse: argument::expect_close,
        help: "Wait for the server to close, with one of these codes",
        long_help: "Separate several codes with commas, as in 4001,4002; without codes, any code matches. 1005 is a \
                    Close frame without a code, 1006 the end of TCP without a Close frame.",
    },
    Flag {
        name: "expect-status",
        value: "N",
        parse: argument::expect_status,
        help: "Expect status N in response to the upgrade",
        long_help: "Such as 401 for an upgrade that must be refused; then --expect-header is the only \
                    other step allowed. The default is 101.",
    },
    Flag {
        name: "expect-subprotocol",
        value: "NAME",
        parse: argument::expect_subprotocol,
        help: "Expect the server to select this subprotocol",
        long_help: "It must be offered with --subprotocol.",
    },
    Flag {
        name: "expect-header",
        value: "FIELD",
        parse: argument::expect_header,
        help: "Expect this field in the response: 'Name: value'",
        long_help: "* in the value matches any text. 'Name:' without a value expects the field to be \
                    missing. May be repeated.",
    },
];

/// Joins `--expect-close 4001,4002` of `wsee test` with `=`, without which clap takes no optional value.
pub(in crate::cli) fn join_close_codes(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for arg in args {
        let is_test = joined.get(1).is_some_and(|command| command == "test");
        match joined.last_mut() {
            Some(last) if is_test && last == "--expect-close" && is_close_codes(&arg) => {
                last.push("=");
                last.push(arg);
            }
            _ => joined.push(arg),
        }
    }
    joined
}

fn is_close_codes(arg: &OsStr) -> bool {
    let is_code = |code: &str| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
    arg.to_str().is_some_and(|arg| arg.split(',').all(is_code))
}

impl Args for StepArgs {
    fn augment_args(command: Command) -> Command {
        FLAGS.iter().fold(command, |command, flag| {
            let parse = |value: &str| {
                let wrong = |it: Mistake| format!("column {}: {}", it.column, it.problem);
                (flag.parse)(value).map_err(wrong)
            };
            let arg = Arg::new(flag.name)
                .long(flag.name)
                .value_name(flag.value)
                .value_parser(parse)
                .help(flag.help)
                .long_help(format!("{}\n\n{}", flag.help, flag.long_help))
                .help_heading(Heading::Steps)
                .allow_hyphen_values(true)
                .action(ArgAction::Append);
            // Else the next argument would be taken for the optional value.
            command.arg(if flag.is_optional() {
                arg.num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("")
            } else {
                arg
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for StepArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let mut lines: Vec<(usize, Line)> = Vec::new();
        for flag in FLAGS {
            let typed = matches.get_raw(flag.name).into_iter().flatten();
            let read = matches.get_many::<Statement>(flag.name);
            let places = matches.indices_of(flag.name).into_iter().flatten();
            for ((typed, read), place) in typed.zip(read.into_iter().flatten()).zip(places) {
                lines.push((place, flag.line(typed, read.clone())));
            }
        }
        lines.sort_by_key(|(place, _)| *place);
        self.lines = lines.into_iter().map(|(_, line)| line).collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(words: &[&str]) -> Vec<String> {
        let command = StepArgs::augment_args(Command::new("test")).arg(Arg::new("url"));
        let words = std::iter::once("test").chain(words.iter().copied());
        let matches = command.try_get_matches_from(words).expect("steps");
        let args = StepArgs::from_arg_matches(&matches).expect("steps");
        args.lines.into_iter().map(|line| line.source).collect()
    }

    #[test]
    fn steps_keep_the_order_in_which_they_were_typed() {
        assert_eq!(
            steps(&[
                "--expect",
                "a",
                "--send",
                "b",
                "ws://h",
                "--ping",
                "--expect-close",
                "--send",
                "-c",
                "--expect=d",
                "--ping=x",
                "--expect-close=1000",
            ]),
            [
                "--expect a",
                "--send b",
                "--ping",
                "--expect-close",
                "--send -c",
                "--expect d",
                "--ping x",
                "--expect-close 1000"
            ]
        );
    }

    #[test]
    fn close_codes_may_be_a_word_of_their_own() {
        let joined = |words: &[&str]| {
            let words = words.iter().map(OsString::from);
            let joined = join_close_codes(words);
            joined.join(OsStr::new(" ")).into_string().expect("UTF-8")
        };
        let codes = ["wsee", "test", "--expect-close", "4001,4002", "ws://h"];
        assert_eq!(joined(&codes), "wsee test --expect-close=4001,4002 ws://h");
        for others in [
            ["wsee", "test", "--expect-close", "ws://h"],
            ["wsee", "test", "--expect-close", "--ping"],
            ["wsee", "demo", "--expect-close", "1000"],
        ] {
            assert_eq!(joined(&others), others.join(" "));
        }
    }
}
