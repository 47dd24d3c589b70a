//! The commands of a server's prompt: who gets what, and who is let in.

use super::args::Args;
use super::dialect::{Dialect, Reading};
use super::usage::Usage;
use super::{Command, CommandError, HelpTopic, Outgoing, parse_command};

/// A command of a server's prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerCommand {
    To {
        /// `None` for those in use.
        whom: Option<Whom>,
        what: Outgoing,
    },
    /// Chooses who gets what is typed; shows it without a choice.
    Use(Option<Whom>),
    Clients,
    Reject(Rejection),
    Rules {
        reload: bool,
    },
    Fault(FaultCommand),
    Help(HelpTopic),
}

/// Clients that something is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    Client(u64),
    All,
    /// Those that asked for this path.
    Path(String),
    Room(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    Show,
    /// The next client is refused with this status.
    Next(u16),
    Off,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultCommand {
    List,
    /// From the next connection on; the column is that of its first character.
    Add {
        spec: String,
        column: usize,
    },
    Off,
}

/// The status of a rejection without one.
const UNAVAILABLE: u16 = 503;

/// What only a server's prompt has.
const COMMANDS: &[Usage] = &[
    Usage {
        name: "clients",
        args: "",
        help: "list the clients",
        details: "Number, address, path, rooms and time since the opening; > marks those that lines go to.",
        example: "/clients",
    },
    Usage {
        name: "use",
        args: "[CLIENT|*|/PATH|ROOM]",
        help: "choose who gets what is typed",
        details: "CLIENT is a number, with or without @; * is every client. Without a choice the first client\n\
                  gets it, and after that one whoever is the only client. Without arguments, shows who gets it.",
        example: "/use 3",
    },
    Usage {
        name: "to",
        args: "CLIENT|*|/PATH|ROOM MESSAGE",
        help: "send a message to other clients",
        details: "MESSAGE is text, or a command that sends something: /to * /ping.",
        example: "/to 3 hello",
    },
    Usage {
        name: "close",
        args: "[CLIENT|*] [CODE [REASON]]",
        help: "close the connection of a client",
        details: "Without CLIENT, of those in use; a number that can be a CODE is one, and @4000 is a client. CODE is 1000-1003, 1007-1014 or 3000-4999; REASON has at most\n\
                  123 bytes. Without CODE the Close frame is empty (RFC 6455 §7.4).",
        example: "/close 3 4000 bye",
    },
    Usage {
        name: "ping",
        args: "[CLIENT|*] [DATA]",
        help: "send a ping",
        details: "DATA is text of at most 125 bytes; the pong must return it.",
        example: "/ping 3",
    },
    Usage {
        name: "reject",
        args: "[next [STATUS]|off]",
        help: "refuse the next client",
        details: "STATUS is 300 to 599, by default 503. off lets it in after all.",
        example: "/reject next 503",
    },
    Usage {
        name: "rules",
        args: "[reload]",
        help: "show the rules, or read their file again",
        details: "Clients that are connected are served by the new rules at once. If the file has a mistake, the\n\
                  old ones stay.",
        example: "/rules reload",
    },
    Usage {
        name: "fault",
        args: "[SPEC|off]",
        help: "do something wrong to clients that connect from now on",
        details: "SPEC is as after --fault, and several add up. Without arguments, lists them. Clients that are\n\
                  connected already are not affected.",
        example: "/fault close 1012 after 3 messages",
    },
];

/// The prompt of `wsee listen`.
pub const SERVER: Dialect = Dialect {
    own: COMMANDS,
    shared: &[
        "text", "bin", "b64", "file", "edit", "fragment", "frame", "raw", "pong", "drop", "reset",
        "set", "find", "last", "view", "pause", "resume", "resend", "save", "send", "diff", "copy",
        "show", "filter", "history", "help", "quit",
    ],
    harmful: &["close", "drop", "reset", "quit", "raw"],
    sends: true,
};

impl Whom {
    fn parse(word: &str) -> Self {
        match Self::client(word) {
            Some(whom) => whom,
            None if word.starts_with('/') => Self::Path(word.to_owned()),
            None => Self::Room(word.to_owned()),
        }
    }

    /// One client or all of them.
    fn client(word: &str) -> Option<Self> {
        if word == "*" {
            return Some(Self::All);
        }
        let digits = word.strip_prefix('@').unwrap_or(word);
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number).map(Self::Client)
    }
}

/// A line that only a server understands, or understands differently; `None` for all others.
///
/// `is_verb` finds the commands of the protocol on top, which are lines for all clients.
pub fn parse_for_server(
    line: &str,
    is_verb: impl Fn(&str) -> bool,
) -> Option<Result<ServerCommand, CommandError>> {
    if is_verb(line) {
        return Some(Ok(to(Some(Whom::All), line)));
    }
    if let Some((whom, verb)) = addressed(line).filter(|(_, verb)| is_verb(verb)) {
        return Some(Ok(to(Some(Whom::parse(whom)), verb)));
    }
    match SERVER.read(line) {
        Ok(Reading::Other) => None,
        Ok(Reading::Help(topic)) => Some(Ok(ServerCommand::Help(topic))),
        Ok(Reading::Own(args)) => Some(args.server_command()),
        Err(error) => Some(Err(error)),
    }
}

fn to(whom: Option<Whom>, line: &str) -> ServerCommand {
    ServerCommand::To {
        whom,
        what: Outgoing::Line(line.to_owned()),
    }
}

/// Whom a line is for, and what it says to them.
fn addressed(line: &str) -> Option<(&str, &str)> {
    let (whom, rest) = line.strip_prefix("/to ")?.trim_start().split_once(' ')?;
    Some((whom, rest.trim_start()))
}

/// Whether a number is the code of a Close frame, and not a client: `/close 4000 bye`, but `/close 4000 1000`.
fn is_code(word: &str, rest: Args<'_>) -> bool {
    let is_number = |word: &str| word.parse::<u16>().is_ok();
    super::grammar::close_code(word).is_ok() && !is_number(rest.split_word().0)
}

impl Args<'_> {
    fn server_command(self) -> Result<ServerCommand, CommandError> {
        use ServerCommand::{Clients, Fault, Reject, Rules, To, Use};
        let (word, rest) = self.split_word();
        Ok(match self.usage.name {
            "clients" => self.none(Clients)?,
            "use" if word.is_empty() => Use(None),
            "use" => rest.none(Use(Some(Whom::parse(word))))?,
            "to" => {
                let rest = self.required()?.split_word().1.required()?;
                let whom = Some(Whom::parse(word));
                To {
                    whom,
                    what: rest.what()?,
                }
            }
            "close" => match Whom::client(word).filter(|_| !is_code(word, rest)) {
                Some(whom) => To {
                    whom: Some(whom),
                    what: rest.close()?,
                },
                None => To {
                    whom: None,
                    what: self.close()?,
                },
            },
            "ping" => {
                let whom = Whom::client(word);
                let args = if whom.is_some() { rest } else { self };
                let what = Outgoing::Ping(args.control_payload()?);
                To { whom, what }
            }
            "reject" => Reject(self.rejection()?),
            "rules" => match word {
                "" => Rules { reload: false },
                "reload" => rest.none(Rules { reload: true })?,
                _ => return Err(self.not_known("reload")),
            },
            _ => Fault(match self.text.trim() {
                "" => FaultCommand::List,
                "off" => FaultCommand::Off,
                spec => FaultCommand::Add {
                    spec: spec.to_owned(),
                    column: self.word_column(),
                },
            }),
        })
    }

    /// What is sent to others: a text, or a command.
    fn what(self) -> Result<Outgoing, CommandError> {
        let text = self.text;
        let Some(command) = text.strip_prefix('/') else {
            return Ok(Outgoing::Line(text.to_owned()));
        };
        if command.starts_with('/') {
            return Ok(Outgoing::Line(command.to_owned()));
        }
        match parse_command(self.line, command)? {
            Command::Outgoing(outgoing) => Ok(outgoing),
            _ => Err(self.not_known("a text, or a command that sends something")),
        }
    }

    fn rejection(self) -> Result<Rejection, CommandError> {
        let (word, rest) = self.split_word();
        match word {
            "" => Ok(Rejection::Show),
            "off" => rest.none(Rejection::Off),
            "next" => {
                let (word, end) = rest.split_word();
                let status = match word {
                    "" => Some(UNAVAILABLE),
                    word => word.parse().ok().filter(|it| (300..600).contains(it)),
                };
                let status = status.ok_or_else(|| rest.not_number("a status from 300 to 599"))?;
                end.none(Rejection::Next(status))
            }
            _ => Err(self.not_known("next or off")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::one_line;

    fn parsed(line: &str) -> ServerCommand {
        let parsed = parse_for_server(line, is_verb);
        let parsed = parsed.unwrap_or_else(|| panic!("{line:?} is not for a server"));
        parsed.unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    fn error(line: &str) -> String {
        let parsed = parse_for_server(line, is_verb);
        let parsed = parsed.unwrap_or_else(|| panic!("{line:?} is not for a server"));
        one_line(&parsed.expect_err(line))
    }

    fn is_verb(line: &str) -> bool {
        line.starts_with("/next ")
    }

    fn to(whom: Option<Whom>, what: Outgoing) -> ServerCommand {
        ServerCommand::To { whom, what }
    }

    #[test]
    fn messages_are_for_clients_paths_and_rooms() {
        let text = |text: &str| Outgoing::Line(text.to_owned());
        let three = Some(Whom::Client(3));
        for (line, expected) in [
            ("/to 3 a  b", to(three.clone(), text("a  b"))),
            ("/to @3 //x", to(three.clone(), text("/x"))),
            ("/to * hi", to(Some(Whom::All), text("hi"))),
            (
                "/to /chat hi",
                to(Some(Whom::Path("/chat".into())), text("hi")),
            ),
            (
                "/to lobby hi",
                to(Some(Whom::Room("lobby".into())), text("hi")),
            ),
            (
                "/to 3 /ping x",
                to(three.clone(), Outgoing::Ping(b"x".to_vec())),
            ),
            (
                "/ping 3 x",
                to(three.clone(), Outgoing::Ping(b"x".to_vec())),
            ),
            ("/ping x", to(None, Outgoing::Ping(b"x".to_vec()))),
            ("/to 3 /next a 1", to(three.clone(), text("/next a 1"))),
            ("/next a 1", to(Some(Whom::All), text("/next a 1"))),
            ("/to 3 /drop", to(three, Outgoing::Drop)),
        ] {
            assert_eq!(parsed(line), expected, "{line}");
        }
        for line in ["hello", "//to 3 x", "/text x", "/quit"] {
            assert!(parse_for_server(line, is_verb).is_none(), "{line}");
        }
    }

    #[test]
    fn a_close_names_its_client_first() {
        let close = |code, reason: &str| Outgoing::Close {
            code,
            reason: reason.to_owned(),
        };
        let three = || Some(Whom::Client(3));
        assert_eq!(parsed("/close"), to(None, close(None, "")));
        assert_eq!(parsed("/close 3"), to(three(), close(None, "")));
        assert_eq!(
            parsed("/close 3 4000 bye"),
            to(three(), close(Some(4000), "bye"))
        );
        let bye = || close(Some(4000), "bye");
        assert_eq!(parsed("/close 4000 bye"), to(None, bye()));
        assert_eq!(parsed("/close 4000"), to(None, close(Some(4000), "")));
        let client = Some(Whom::Client(4000));
        assert_eq!(parsed("/close @4000 4000 bye"), to(client.clone(), bye()));
        assert_eq!(parsed("/close 4000 4000 bye"), to(client, bye()));
        assert_eq!(
            error("/close 3 99"),
            "column 10: close code 99 may not be sent (RFC 6455 §7.4); use 1000-1003, 1007-1014 or 3000-4999"
        );
    }

    #[test]
    fn every_example_is_understood_and_shared_commands_exist() {
        for usage in COMMANDS {
            parsed(usage.example);
        }
        let shared = SERVER.commands().count() - COMMANDS.len();
        assert_eq!(shared, SERVER.shared.len());
    }

    #[test]
    fn mistakes_name_the_place_and_the_fix() {
        for (line, expected) in [
            (
                "/to",
                "/to needs CLIENT|*|/PATH|ROOM MESSAGE; for example /to 3 hello",
            ),
            (
                "/to 3",
                "/to needs CLIENT|*|/PATH|ROOM MESSAGE; for example /to 3 hello",
            ),
            (
                "/reject next 200",
                "column 14: \"200\" is not a status from 300 to 599; for example /reject next 503",
            ),
            (
                "/rules load",
                "column 8: \"load\" is not known to /rules; use reload",
            ),
            (
                "/clints",
                "unknown command /clints; did you mean /clients? (//clints sends the text \"/clints\")",
            ),
            (
                "/status",
                "unknown command /status; /help lists them (//status sends the text \"/status\")",
            ),
            (
                "/to 3 /bin zz",
                "column 12: 'z' is not a hex digit; write bytes as in /bin de ad be ef",
            ),
        ] {
            assert_eq!(error(line), expected, "{line}");
        }
    }
}
