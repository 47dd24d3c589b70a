//! The commands of a proxy's prompt: what is held, and what becomes of it.

use super::args::Args;
use super::dialect::{Dialect, Reading};
use super::message::Reference;
use super::usage::Usage;
use super::{Command, CommandError, HelpTopic, Outgoing, parse_command};
use crate::event::Side;

/// A command of a proxy's prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassCommand {
    Hold {
        /// `None` for both ends.
        side: Option<Side>,
        what: Holding,
    },
    /// Lets a message go that is held.
    Pass(Passed),
    /// Changes one in the user's editor.
    Edit(u64),
    Discard(u64),
    Inject {
        connection: Option<u64>,
        /// Where the message seems to come from.
        side: Side,
        what: Outgoing,
    },
    Resend(Reference),
    Kill {
        connection: u64,
        code: Option<u16>,
    },
    Connections,
    /// Lists what is held.
    Held,
    Help(HelpTopic),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// Messages that match; the column is that of the pattern's first character.
    Matching {
        pattern: String,
        column: usize,
    },
    All,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    Oldest,
    Number(u64),
    All,
}

const COMMANDS: &[Usage] = &[
    Usage {
        name: "hold",
        args: "[client|server] [PATTERN|off]",
        help: "stop messages on their way",
        details: "client or server is where they come from; without it, both. PATTERN is as in a rule: text, json, re,\n\
                  jq, hex or any; and ping, pong or close for control frames, which are not held otherwise. Without\n\
                  PATTERN all messages are held. Later messages of the same end wait behind one that is held. A\n\
                  Close, or the end of the connection, lets them out first. off lets everything out.",
        example: "/hold client json {\"op\":\"buy\"}",
    },
    Usage {
        name: "held",
        args: "",
        help: "list what is held",
        details: "What is held of each end, and the messages that wait, the oldest first. It changes nothing; /hold alone\n\
                  holds everything.",
        example: "/held",
    },
    Usage {
        name: "pass",
        args: "[N|all]",
        help: "let a held message go, or the oldest one",
        details: "N is the number of the message. It leaves once those before it have left.",
        example: "/pass 12",
    },
    Usage {
        name: "edit",
        args: "N",
        help: "change a held message in your editor",
        details: "Opens $VISUAL, $EDITOR or vi; a binary message is written in hex. The message leaves when it was\n\
                  saved. It stays held if nothing was changed, or if the editor fails. What leaves has a number of\n\
                  its own: /show and /find have both messages, and say which came and which left.",
        example: "/edit 12",
    },
    Usage {
        name: "discard",
        args: "N",
        help: "throw a held message away",
        details: "The other end never gets it.",
        example: "/discard 12",
    },
    Usage {
        name: "inject",
        args: "[@N] client|server MESSAGE",
        help: "send a message as if it came from that end",
        details: "@N is the connection, where there are several; /inject client goes to the server. MESSAGE is text, or\n\
                  /text, /bin, /b64, /ping, /pong, /close, /fragment, /frame or /raw. It does not wait behind held\n\
                  messages, only for the end of one that is leaving.",
        example: "/inject server {\"event\":\"logout\"}",
    },
    Usage {
        name: "resend",
        args: "N",
        help: "send a message that has passed once more",
        details: "From the same end, on the same connection. N is its number, or $ for the last, $-1 for the one before.",
        example: "/resend 12",
    },
    Usage {
        name: "kill",
        args: "N [CODE]",
        help: "end a connection",
        details: "N is the number of the connection. With CODE both ends get a Close frame; without, a TCP reset.",
        example: "/kill 1 1011",
    },
    Usage {
        name: "conns",
        args: "",
        help: "list the connections",
        details: "Number, address, path, time since the opening, and how many messages are held.",
        example: "/conns",
    },
];

/// What `/inject` takes besides a text.
const INJECTED: [&str; 9] = [
    "text", "bin", "b64", "ping", "pong", "close", "fragment", "frame", "raw",
];

/// The prompt of `wsee proxy`.
pub const PROXY: Dialect = Dialect {
    own: COMMANDS,
    shared: &[
        "find", "last", "view", "pause", "resume", "save", "diff", "copy", "show", "filter",
        "history", "help", "quit",
    ],
    harmful: &["kill", "discard", "quit"],
    sends: false,
};

/// A line that only a proxy understands, or understands differently; `None` for all others.
pub fn parse_for_proxy(line: &str) -> Option<Result<PassCommand, CommandError>> {
    match PROXY.read(line) {
        Ok(Reading::Other) => None,
        Ok(Reading::Help(topic)) => Some(Ok(PassCommand::Help(topic))),
        Ok(Reading::Own(args)) => Some(args.pass_command()),
        Err(CommandError::UnknownHere { name, .. }) if INJECTED.contains(&name.as_str()) => {
            Some(Err(CommandError::NeedsEnd { name }))
        }
        Err(error) => Some(Err(error)),
    }
}

/// An end, by its name.
fn side(word: &str) -> Option<Side> {
    [Side::Client, Side::Server]
        .into_iter()
        .find(|side| side.name() == word)
}

/// A number, with or without this mark.
fn number(word: &str, mark: char) -> Option<u64> {
    let digits = word.strip_prefix(mark).unwrap_or(word);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

impl Args<'_> {
    fn pass_command(self) -> Result<PassCommand, CommandError> {
        let (word, rest) = self.split_word();
        Ok(match self.usage.name {
            "hold" => self.hold()?,
            "pass" => rest.none(PassCommand::Pass(match word {
                "" => Passed::Oldest,
                "all" => Passed::All,
                _ => Passed::Number(self.message()?),
            }))?,
            "edit" => rest.none(PassCommand::Edit(self.required()?.message()?))?,
            "discard" => rest.none(PassCommand::Discard(self.required()?.message()?))?,
            "inject" => self.required()?.inject()?,
            "resend" => {
                let reference = Reference::parse(self.required()?.split_word().0);
                let wanted = "the number of a message, $ for the last or $-1 for the one before";
                let reference = reference.ok_or_else(|| self.not_number(wanted))?;
                rest.none(PassCommand::Resend(reference))?
            }
            "kill" => {
                let connection = number(self.required()?.split_word().0, '@');
                let connection =
                    connection.ok_or_else(|| self.not_number("the number of a connection"))?;
                let (code, end) = rest.split_word();
                let code = match code {
                    "" => None,
                    code => Some(rest.close_code(code)?),
                };
                end.none(PassCommand::Kill { connection, code })?
            }
            "held" => self.none(PassCommand::Held)?,
            _ => self.none(PassCommand::Connections)?,
        })
    }

    fn hold(self) -> Result<PassCommand, CommandError> {
        let (word, rest) = self.split_word();
        let side = side(word);
        let what = if side.is_some() { rest } else { self };
        let (word, end) = what.split_word();
        let what = match word {
            "" => Holding::All,
            "off" => end.none(Holding::Off)?,
            _ => Holding::Matching {
                pattern: what.text.trim().to_owned(),
                column: what.word_column(),
            },
        };
        Ok(PassCommand::Hold { side, what })
    }

    /// The number of a message, `12` or `#12`.
    fn message(self) -> Result<u64, CommandError> {
        let number = number(self.split_word().0, '#');
        number.ok_or_else(|| self.not_number("the number of a message"))
    }

    fn inject(self) -> Result<PassCommand, CommandError> {
        let (word, rest) = self.split_word();
        let (connection, args) = match word.strip_prefix('@') {
            Some(digits) => {
                let connection = number(digits, '@');
                let wanted = "the number of a connection";
                (
                    Some(connection.ok_or_else(|| self.not_number(wanted))?),
                    rest,
                )
            }
            None => (None, self),
        };
        let (word, rest) = args.required()?.split_word();
        let side = side(word).ok_or_else(|| args.not_known("client or server"))?;
        let what = rest.required()?.injected()?;
        Ok(PassCommand::Inject {
            connection,
            side,
            what,
        })
    }

    /// A text, or a command that makes a message or frames.
    fn injected(self) -> Result<Outgoing, CommandError> {
        let text = self.text;
        let Some(command) = text.strip_prefix('/') else {
            return Ok(Outgoing::Text(text.to_owned()));
        };
        if command.starts_with('/') {
            return Ok(Outgoing::Text(command.to_owned()));
        }
        let known = "a text, /text, /bin, /b64, /ping, /pong, /close, /fragment, /frame or /raw";
        match parse_command(self.line, command)? {
            Command::Outgoing(Outgoing::File { .. } | Outgoing::Drop | Outgoing::Reset) => {
                Err(self.not_known(known))
            }
            Command::Outgoing(outgoing) => Ok(outgoing),
            _ => Err(self.not_known(known)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::one_line;

    fn parsed(line: &str) -> PassCommand {
        let parsed = parse_for_proxy(line).unwrap_or_else(|| panic!("{line:?} is not for a proxy"));
        parsed.unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    fn error(line: &str) -> String {
        let parsed = parse_for_proxy(line).unwrap_or_else(|| panic!("{line:?} is not for a proxy"));
        one_line(&parsed.expect_err(line))
    }

    #[test]
    fn what_is_held_has_an_end_and_a_pattern() {
        let hold = |side, what| PassCommand::Hold { side, what };
        let matching = |pattern: &str, column| Holding::Matching {
            pattern: pattern.to_owned(),
            column,
        };
        for (line, expected) in [
            ("/hold", hold(None, Holding::All)),
            ("/hold server", hold(Some(Side::Server), Holding::All)),
            ("/hold off", hold(None, Holding::Off)),
            ("/hold client off", hold(Some(Side::Client), Holding::Off)),
            ("/hold re a  b", hold(None, matching("re a  b", 7))),
            (
                "/hold client ping",
                hold(Some(Side::Client), matching("ping", 14)),
            ),
        ] {
            assert_eq!(parsed(line), expected, "{line}");
        }
    }

    #[test]
    fn messages_and_connections_have_numbers() {
        for (line, expected) in [
            ("/held", PassCommand::Held),
            ("/pass", PassCommand::Pass(Passed::Oldest)),
            ("/pass #3", PassCommand::Pass(Passed::Number(3))),
            ("/pass all", PassCommand::Pass(Passed::All)),
            ("/edit 3", PassCommand::Edit(3)),
            ("/discard 3", PassCommand::Discard(3)),
            ("/resend $-1", PassCommand::Resend(Reference::Back(1))),
            (
                "/kill @2 1011",
                PassCommand::Kill {
                    connection: 2,
                    code: Some(1011),
                },
            ),
        ] {
            assert_eq!(parsed(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_injected_comes_from_an_end() {
        let inject = |connection, side, what| PassCommand::Inject {
            connection,
            side,
            what,
        };
        let text = |text: &str| Outgoing::Text(text.to_owned());
        for (line, expected) in [
            (
                "/inject client a  b",
                inject(None, Side::Client, text("a  b")),
            ),
            (
                "/inject @2 server //x",
                inject(Some(2), Side::Server, text("/x")),
            ),
            (
                "/inject server /ping x",
                inject(None, Side::Server, Outgoing::Ping(b"x".to_vec())),
            ),
        ] {
            assert_eq!(parsed(line), expected, "{line}");
        }
    }

    #[test]
    fn every_example_is_understood_and_shared_commands_exist() {
        for usage in COMMANDS {
            parsed(usage.example);
        }
        let shared = PROXY.commands().count() - COMMANDS.len();
        assert_eq!(shared, PROXY.shared.len());
    }

    #[test]
    fn mistakes_name_the_place_and_the_fix() {
        for (line, expected) in [
            (
                "/pass x",
                "column 7: \"x\" is not the number of a message; for example /pass 12",
            ),
            ("/edit", "/edit needs N; for example /edit 12"),
            (
                "/inject both x",
                "column 9: \"both\" is not known to /inject; use client or server",
            ),
            (
                "/inject @x client x",
                "column 9: \"@x\" is not the number of a connection; for example /inject server {\"event\":\"logout\"}",
            ),
            (
                "/inject client /drop",
                "column 16: \"/drop\" is not known to /inject; use a text, /text, /bin, /b64, /ping, /pong, /close, /fragment, /frame or /raw",
            ),
            (
                "/kill 1 99",
                "column 9: close code 99 may not be sent (RFC 6455 §7.4); use 1000-1003, 1007-1014 or 3000-4999",
            ),
            ("/txt x", "unknown command /txt; /help lists them"),
            (
                "/ping",
                "unknown command /ping; an end comes first, as in /inject client /ping",
            ),
        ] {
            assert_eq!(error(line), expected, "{line}");
        }
    }
}
