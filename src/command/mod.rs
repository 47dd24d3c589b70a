//! The grammar of a typed line: a text message, or a command that starts with `/`.

mod args;
mod complete;
mod connection;
mod dialect;
mod error;
mod frame;
pub mod grammar;
mod key;
mod message;
mod outgoing;
mod passing;
mod prompt;
mod recall;
mod server;
mod timer;
mod usage;
pub mod variable;

pub use self::complete::{Brackets, Completion, complete};
pub use self::dialect::Dialect;
pub use self::error::CommandError;
pub use self::key::KEYS;
pub use self::message::{Pattern, Recall, Reference, is_message_name};
pub use self::outgoing::{FrameSpec, Masking, Outgoing, Spoken};
pub use self::passing::{Holding, PROXY, PassCommand, Passed, parse_for_proxy};
pub use self::prompt::{
    Assignment, Capture, Filtering, Further, HelpTopic, OnTop, PromptCommand, Record, Repetition,
    Setting, Timing, Topic,
};
pub use self::server::{FaultCommand, Rejection, SERVER, ServerCommand, Whom, parse_for_server};
pub use self::usage::{COMMANDS, Usage, nearest};

use self::args::Args;
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Nothing,
    Outgoing(Outgoing),
    Prompt(PromptCommand),
    Quit,
}

pub fn parse(line: &str) -> Result<Command, CommandError> {
    if line.is_empty() {
        return Ok(Command::Nothing);
    }
    let plain = |text: &str| Ok(Command::Outgoing(Outgoing::Line(text.to_owned())));
    match line.strip_prefix('/') {
        None => plain(line),
        Some(rest) if rest.starts_with('/') => plain(rest),
        Some(command) => parse_command(line, command),
    }
}

fn parse_command(line: &str, command: &str) -> Result<Command, CommandError> {
    let (name, text) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    let Some(usage) = usage::find(name) else {
        let name = name.to_owned();
        return Err(CommandError::Unknown { name });
    };
    let args = Args { line, text, usage };
    Ok(Command::Prompt(match usage.name {
        "status" => match args.all() {
            Some(rest) => rest.none(PromptCommand::StatusOfAll)?,
            None => args.none(PromptCommand::Status)?,
        },
        "close" if let Some(rest) = args.all() => PromptCommand::CloseAll(rest.close()?),
        "connect" => PromptCommand::Connect(args.connect()?),
        "use" => PromptCommand::Use(args.connection()?),
        "to" => args.to()?,
        "list" => args.none(PromptCommand::List)?,
        "headers" => args.none(PromptCommand::Headers)?,
        "show" => match args.show_message()? {
            Some(recall) => PromptCommand::Recall(recall),
            None => PromptCommand::Show(args.show()?),
        },
        "find" => PromptCommand::Recall(args.find()?),
        "last" => PromptCommand::Recall(Recall::Last(args.last()?)),
        "resend" => PromptCommand::Recall(args.resend()?),
        "save" => PromptCommand::Recall(args.save()?),
        "send" => PromptCommand::Recall(args.send_named()?),
        "diff" => PromptCommand::Recall(args.diff()?),
        "copy" => PromptCommand::Recall(args.copy()?),
        "view" => args.none(PromptCommand::Recall(Recall::View))?,
        "filter" => PromptCommand::Filter(args.filter()),
        "history" => PromptCommand::History(args.history()?),
        "set" => PromptCommand::Set(args.assignment()?),
        "capture" => PromptCommand::Capture(args.capture()?),
        "every" => PromptCommand::Every(args.timing()?),
        "repeat" => PromptCommand::Repeat(args.repetition()?),
        "edit" => PromptCommand::Edit((!text.trim().is_empty()).then(|| text.to_owned())),
        "pause" => args.none(PromptCommand::Pause)?,
        "resume" => args.none(PromptCommand::Resume)?,
        "stats" => args.none(PromptCommand::Stats)?,
        "record" => PromptCommand::Record(args.record()),
        "as" => PromptCommand::As(args.on_top()?),
        "help" => PromptCommand::Help(args.help()?),
        "reconnect" => args.none(PromptCommand::Reconnect)?,
        "quit" => return args.none(Command::Quit),
        _ => return Ok(Command::Outgoing(parse_outgoing(args, text)?)),
    }))
}

fn parse_outgoing(args: Args<'_>, text: &str) -> Result<Outgoing, CommandError> {
    Ok(match args.usage.name {
        "text" => Outgoing::Text(text.to_owned()),
        "bin" => Outgoing::Binary(args.required()?.hex()?),
        "b64" => Outgoing::Binary(args.required()?.base64()?),
        "file" => args.required()?.file(),
        "fragment" => args.required()?.fragment()?,
        "frame" => Outgoing::Frame(args.required()?.frame()?),
        "raw" => Outgoing::Raw(args.required()?.hex()?),
        "ping" => Outgoing::Ping(args.control_payload()?),
        "pong" => Outgoing::Pong(args.control_payload()?),
        "close" => args.close()?,
        "drop" => args.none(Outgoing::Drop)?,
        "reset" => args.none(Outgoing::Reset)?,
        name => {
            let name = name.to_owned();
            return Err(CommandError::Unknown { name });
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::render::{Decode, Timestamps};

    pub(super) fn parsed(line: &str) -> Command {
        parse(line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    pub(super) fn error(line: &str) -> String {
        crate::diagnostic::one_line(&parse(line).expect_err(line))
    }

    #[test]
    fn a_line_is_text_unless_it_starts_with_a_slash() {
        for (line, text) in [
            ("hello", "hello"),
            (" /ping", " /ping"),
            ("//ping", "/ping"),
            ("a\nb", "a\nb"),
            ("//", "/"),
        ] {
            assert_eq!(
                parsed(line),
                Command::Outgoing(Outgoing::Line(text.to_owned()))
            );
        }
        assert_eq!(parsed(""), Command::Nothing);
    }

    #[test]
    fn text_keeps_everything_after_one_space() {
        assert_eq!(
            parsed("/text"),
            Command::Outgoing(Outgoing::Text(String::new()))
        );
        assert_eq!(
            parsed("/text  a\nb "),
            Command::Outgoing(Outgoing::Text(" a\nb ".to_owned()))
        );
    }

    #[test]
    fn reads_hex_however_it_is_written() {
        for line in [
            "/bin deadbeef",
            "/bin de ad  BE:ef",
            "/bin 0xde,0xad 0XBEEF",
            "/bin d eadbee f",
        ] {
            assert_eq!(
                parsed(line),
                Command::Outgoing(Outgoing::Binary(vec![0xde, 0xad, 0xbe, 0xef]))
            );
        }
    }

    #[test]
    fn names_the_column_of_a_wrong_hex_digit() {
        assert_eq!(
            error("/bin 0xde xy"),
            "column 11: 'x' is not a hex digit; write bytes as in /bin de ad be ef"
        );
        assert_eq!(
            error("/bin é"),
            "column 6: 'é' is not a hex digit; write bytes as in /bin de ad be ef"
        );
        assert_eq!(
            error("/bin abc"),
            "an odd number of hex digits (3); write two for each byte"
        );
    }

    #[test]
    fn reads_both_alphabets_of_base64() {
        for line in ["/b64 3q2+7w==", "/b64 3q2-7w", "/b64 3q2+ 7w= ="] {
            let expected = vec![0xde, 0xad, 0xbe, 0xef];
            assert_eq!(
                parse(line),
                Ok(Command::Outgoing(Outgoing::Binary(expected))),
                "{line}"
            );
        }
        assert!(error("/b64 3q!2").starts_with("column 8: not valid base64"));
        assert!(error("/b64 3").starts_with("column "));
    }

    #[test]
    fn reads_a_path_with_spaces() {
        let file = |path: &str, is_text| {
            Command::Outgoing(Outgoing::File {
                path: PathBuf::from(path),
                is_text,
            })
        };
        assert_eq!(parsed("/file my dir/a.bin"), file("my dir/a.bin", false));
        assert_eq!(parsed("/file a.json text"), file("a.json", true));
        assert_eq!(parsed("/file context"), file("context", false));
    }

    #[test]
    fn limits_the_payload_of_control_frames() {
        assert_eq!(
            parsed("/ping"),
            Command::Outgoing(Outgoing::Ping(Vec::new()))
        );
        assert_eq!(
            parsed("/pong a b"),
            Command::Outgoing(Outgoing::Pong(b"a b".to_vec()))
        );
        assert_eq!(
            error(&format!("/ping {}", "é".repeat(63))),
            "the payload has 126 bytes, a control frame holds 125; shorten it by 1"
        );
    }

    #[test]
    fn closes_with_codes_that_may_be_sent() {
        let close = |code, reason: &str| {
            Command::Outgoing(Outgoing::Close {
                code,
                reason: reason.to_owned(),
            })
        };
        assert_eq!(parsed("/close"), close(None, ""));
        assert_eq!(
            parsed("/close 4999 going away"),
            close(Some(4999), "going away")
        );
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
            assert!(error(&format!("/close {code}")).contains("may not be sent"));
        }
        assert_eq!(
            error("/close bye"),
            "column 8: \"bye\" is not a close code of four digits; for example /close 1001 going away"
        );
        assert!(error(&format!("/close 1000 {}", "a".repeat(124))).contains("124 bytes"));
    }

    #[test]
    fn fragments_text_into_frames() {
        let text = "a  b".to_owned();
        assert_eq!(
            parsed("/fragment 3 a  b"),
            Command::Outgoing(Outgoing::Fragment { frames: 3, text })
        );
        for line in [
            "/fragment 0 a",
            "/fragment -1 a",
            "/fragment 10001 a",
            "/fragment x",
        ] {
            assert!(error(line).contains("is not a number of frames"));
        }
    }

    #[test]
    fn shows_topics() {
        assert_eq!(parsed("/show"), Command::Prompt(PromptCommand::Show(None)));
        assert_eq!(
            parsed("/show frames"),
            Command::Prompt(PromptCommand::Show(Some(Setting::Switch(
                Topic::Frames,
                true
            ))))
        );
        assert_eq!(
            parsed("/show  json  off "),
            Command::Prompt(PromptCommand::Show(Some(Setting::Switch(
                Topic::Json,
                false
            ))))
        );
        let time = |time| Command::Prompt(PromptCommand::Show(Some(Setting::Time(time))));
        assert_eq!(parsed("/show time"), time(Timestamps::Time));
        assert_eq!(parsed("/show time off"), time(Timestamps::None));
        assert_eq!(parsed("/show time delta"), time(Timestamps::Delta));
        let decode = |decode| Command::Prompt(PromptCommand::Show(Some(Setting::Decode(decode))));
        assert_eq!(parsed("/show decode on"), decode(Decode::Auto));
        assert_eq!(parsed("/show decode cbor"), decode(Decode::Cbor));
        assert_eq!(
            error("/show time 3"),
            "column 12: \"3\" is not known to /show; use on, off, time, iso, rel or delta"
        );
        assert_eq!(
            error("/show json no"),
            "column 12: \"no\" is not known to /show; use on or off"
        );
        assert!(error("/show all").contains("use ping, pong, frames"));
    }

    #[test]
    fn a_filter_is_the_rest_of_the_line() {
        assert_eq!(
            parsed("/filter "),
            Command::Prompt(PromptCommand::Filter(Filtering::Show))
        );
        assert_eq!(
            parsed("/filter off "),
            Command::Prompt(PromptCommand::Filter(Filtering::Off))
        );
        let source = ".a | select(. > 1)".to_owned();
        let by = Filtering::By { source, column: 10 };
        assert_eq!(
            parsed("/filter  .a | select(. > 1) "),
            Command::Prompt(PromptCommand::Filter(by))
        );
    }

    #[test]
    fn records_to_a_path_with_spaces() {
        assert_eq!(
            parsed("/record"),
            Command::Prompt(PromptCommand::Record(Record::State))
        );
        assert_eq!(
            parsed("/record stop "),
            Command::Prompt(PromptCommand::Record(Record::Stop))
        );
        assert_eq!(
            parsed("/record my dir/a.har"),
            Command::Prompt(PromptCommand::Record(Record::Start("my dir/a.har".into())))
        );
    }

    #[test]
    fn helps_with_a_command_by_either_name() {
        assert_eq!(
            parsed("/help"),
            Command::Prompt(PromptCommand::Help(HelpTopic::Commands))
        );
        assert_eq!(parsed("/help /ping"), parsed("/help ping"));
        let keys = Command::Prompt(PromptCommand::Help(HelpTopic::Keys));
        assert_eq!(parsed("/help keys"), keys);
        assert_eq!(
            error("/help pign"),
            "unknown command /pign; did you mean /ping?"
        );
    }

    #[test]
    fn refuses_arguments_that_are_missing_or_too_many() {
        assert_eq!(
            error("/bin "),
            "/bin needs HEX; for example /bin de ad be ef"
        );
        assert_eq!(
            error("/status now"),
            "column 9: /status does not take \"now\"; leave it out, or see /help status"
        );
        assert_eq!(parsed("/quit "), Command::Quit);
        assert_eq!(
            parsed("/history 5"),
            Command::Prompt(PromptCommand::History(Some(5)))
        );
        assert!(error("/history 5 6").starts_with("column 12"));
    }

    #[test]
    fn never_takes_an_unknown_command_for_text() {
        assert_eq!(
            error("/pign"),
            "unknown command /pign; did you mean /ping? (//pign sends the text \"/pign\")"
        );
        assert_eq!(
            error("/api/users x"),
            "unknown command /api/users; /help lists them (//api/users sends the text \"/api/users\")"
        );
    }
}
